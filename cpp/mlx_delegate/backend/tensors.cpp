#include "backend/tensors.h"

#include <array>
#include <cstring>
#include <string>

#include <executorch/runtime/core/exec_aten/util/tensor_util.h>

#include "backend/backend_error.h"
#include "interpreter/slots.h"
#include "kernels/checked_malloc.h"

namespace voxtral_tts::mlx_delegate {
namespace {

using executorch::aten::SizesType;
using executorch::aten::Tensor;
using executorch::runtime::Error;

constexpr size_t kMaxRank = 16;

[[noreturn]] void refuse(const std::string& problem) {
  throw BackendError(Error::InvalidArgument, problem);
}

bool is_contiguous(const Tensor& tensor) {
  int64_t stride = 1;
  for (auto axis = tensor.dim(); axis-- > 0;) {
    if (tensor.size(axis) != 1 && tensor.strides()[axis] != stride) {
      return tensor.numel() == 0;
    }
    stride *= tensor.size(axis);
  }
  return true;
}

// torch.export writes the lower bound 2 for a dimension that may well be 1.
int64_t reliable_min(const DimMeta& dim) {
  return dim.min == 2 ? 1 : dim.min;
}

bool fits(int64_t size, const DimMeta& dim) {
  if (dim.value >= 0) {
    return size == dim.value;
  }
  return size >= reliable_min(dim) && (dim.max < 0 || size <= dim.max);
}

std::string describe(const TensorMeta& meta) {
  std::string text = "[";
  for (const DimMeta& dim : meta.shape) {
    text += text.size() > 1 ? ", " : "";
    text += dim.value >= 0 ? std::to_string(dim.value)
            : dim.max >= 0 ? "<=" + std::to_string(dim.max)
                           : "any";
  }
  return text + "]";
}

std::string describe(const Tensor& tensor) {
  std::string text = "[";
  for (const auto size : tensor.sizes()) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  }
  return text + "]";
}

} // namespace

mx::array new_array(const mx::Shape& shape, mx::Dtype dtype) {
  size_t bytes = mx::size_of(dtype);
  for (const auto size : shape) {
    bytes *= static_cast<size_t>(size);
  }
  return mx::array(checked_malloc(bytes), shape, dtype);
}

mx::array new_copy(const void* data, const mx::Shape& shape, mx::Dtype dtype) {
  mx::array copy = new_array(shape, dtype);
  if (copy.nbytes() != 0) {
    std::memcpy(copy.data<char>(), data, copy.nbytes());
  }
  return copy;
}

mx::Shape shape_of(const TensorMeta& meta) {
  mx::Shape shape;
  for (const DimMeta& dim : meta.shape) {
    shape.push_back(dim.value);
  }
  return shape;
}

mx::array read_input(const Tensor& tensor, const TensorMeta& meta) {
  if (static_cast<int8_t>(tensor.scalar_type()) != meta.scalar_type) {
    refuse(
        "is of ScalarType " +
        std::to_string(static_cast<int>(tensor.scalar_type())) + ", not " +
        std::to_string(meta.scalar_type));
  }
  bool fitting = static_cast<size_t>(tensor.dim()) == meta.shape.size();
  for (size_t i = 0; fitting && i < meta.shape.size(); ++i) {
    fitting = fits(tensor.size(static_cast<ssize_t>(i)), meta.shape[i]);
  }
  if (!fitting) {
    refuse("is of shape " + describe(tensor) + ", not " + describe(meta));
  }
  if (!is_contiguous(tensor)) {
    refuse("is not contiguous");
  }
  if (tensor.const_data_ptr() == nullptr && tensor.nbytes() != 0) {
    refuse("has no data");
  }
  const mx::Shape shape(tensor.sizes().begin(), tensor.sizes().end());
  return new_copy(tensor.const_data_ptr(), shape, dtype_of(meta.scalar_type));
}

void write_output(const mx::array& result, Tensor& out) {
  std::array<SizesType, kMaxRank> sizes{};
  if (result.ndim() > kMaxRank) {
    refuse("is of rank " + std::to_string(result.ndim()));
  }
  std::copy(result.shape().begin(), result.shape().end(), sizes.begin());
  // Says what it disliked in the log.
  const Error error =
      executorch::runtime::resize_tensor(out, {sizes.data(), result.ndim()});
  if (error != Error::Ok) {
    throw BackendError(error, "cannot be resized from " + describe(out));
  }
  if (out.nbytes() != result.nbytes()) {
    refuse("is of another type than the program's");
  }
  if (result.nbytes() != 0) {
    if (out.const_data_ptr() == nullptr) {
      refuse("has no memory");
    }
    std::memcpy(out.mutable_data_ptr(), result.data<char>(), result.nbytes());
  }
}

} // namespace voxtral_tts::mlx_delegate
