// What the kernels ask of their arguments before they read them.
#pragma once

#include <algorithm>

#include <executorch/runtime/core/evalue.h>
#include <executorch/runtime/core/exec_aten/util/tensor_util.h>
#include <executorch/runtime/kernel/kernel_runtime_context.h>

namespace voxtral_tts::operators {

// Rows lie behind each other; the stride of an axis of size 1 means nothing.
inline bool is_contiguous(const executorch::aten::Tensor& tensor) {
  int64_t stride = 1;
  for (auto axis = tensor.dim(); axis-- > 0;) {
    if (tensor.size(axis) != 1 && tensor.strides()[axis] != stride) {
      return tensor.numel() == 0;
    }
    stride *= tensor.size(axis);
  }
  return true;
}

inline bool is_float(const executorch::aten::Tensor& tensor) {
  return tensor.scalar_type() == executorch::aten::ScalarType::Float &&
         is_contiguous(tensor);
}

inline bool is_float(const executorch::aten::Tensor& tensor, int rank) {
  return is_float(tensor) && tensor.dim() == rank;
}

// Gives `out` the sizes of x with `size` as the last one. False when it has no
// room for them or x more axes than a tensor may have here.
inline bool resize_last_axis(
    const executorch::aten::Tensor& x,
    int64_t size,
    executorch::aten::Tensor& out) {
  constexpr size_t kMaxRank = 8;
  const auto rank = static_cast<size_t>(x.dim());
  if (rank == 0 || rank > kMaxRank) {
    return false;
  }
  executorch::aten::SizesType sizes[kMaxRank];
  std::copy(x.sizes().begin(), x.sizes().end(), sizes);
  sizes[rank - 1] = static_cast<executorch::aten::SizesType>(size);
  return executorch::runtime::resize_tensor(out, {sizes, rank}) ==
         executorch::runtime::Error::Ok;
}

// linear.out: x, weight, scales, sums, bits, group_size, columns, out
// (register_linear.cpp)
void linear_kernel(
    executorch::runtime::KernelRuntimeContext& context,
    executorch::runtime::Span<executorch::runtime::EValue*> stack);

} // namespace voxtral_tts::operators
