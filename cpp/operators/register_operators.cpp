#include <algorithm>
#include <iterator>
#include <limits>
#include <mutex>
#include <optional>

#include <executorch/runtime/core/exec_aten/util/tensor_util.h>
#include <executorch/runtime/kernel/kernel_runtime_context.h>
#include <executorch/runtime/kernel/operator_registry.h>

#include "operators/arguments.h"
#include "operators/attend.h"
#include "operators/operators.h"
#include "operators/rowwise.h"

namespace voxtral_tts::operators {
namespace {

using executorch::aten::ScalarType;
using executorch::aten::Tensor;
using executorch::runtime::Error;
using executorch::runtime::EValue;
using executorch::runtime::Kernel;
using executorch::runtime::KernelRuntimeContext;
using executorch::runtime::Span;

// q [B, T, H, D] with k, v [B, key_rows, Hkv, D]; nullopt when they disagree.
std::optional<AttendShape> shape_of(
    const Tensor& q, const Tensor& k, const Tensor& v, int64_t key_rows) {
  if (!is_float(q, 4) || !is_float(k, 4) || !is_float(v, 4)) {
    return std::nullopt;
  }
  const AttendShape shape{
      q.size(0), q.size(1), q.size(2), k.size(2), q.size(3)};
  for (const Tensor* tensor : {&k, &v}) {
    if (tensor->size(0) != shape.batch || tensor->size(1) != key_rows ||
        tensor->size(2) != shape.kv_heads ||
        tensor->size(3) != shape.head_dim) {
      return std::nullopt;
    }
  }
  if (shape.kv_heads == 0 || shape.heads % shape.kv_heads != 0 ||
      shape.head_dim <= 0 || shape.head_dim % 2 != 0) {
    return std::nullopt;
  }
  return shape;
}

bool resize_to_rows(const AttendShape& shape, Tensor& out) {
  const executorch::aten::SizesType sizes[] = {
      static_cast<executorch::aten::SizesType>(shape.batch),
      static_cast<executorch::aten::SizesType>(shape.rows),
      static_cast<executorch::aten::SizesType>(shape.heads * shape.head_dim)};
  return is_float(out, 3) &&
         executorch::runtime::resize_tensor(out, {sizes, 3}) == Error::Ok;
}

// nullopt for a type no cache has.
std::optional<KvType> kv_type(const Tensor& cache, int64_t window) {
  switch (cache.scalar_type()) {
    case ScalarType::Float:
      return KvType::kFloat32;
    case ScalarType::BFloat16:
      return window == 0 ? std::optional(KvType::kBfloat16) : std::nullopt;
    case ScalarType::Half:
      return window == 0 ? std::optional(KvType::kFloat16) : std::nullopt;
    default:
      return std::nullopt;
  }
}

bool cache_matches(const AttendShape& shape, const Tensor& cache) {
  return is_contiguous(cache) && cache.dim() == 4 &&
         cache.size(0) == shape.batch && cache.size(1) > 0 &&
         cache.size(2) == shape.kv_heads && cache.size(3) == shape.head_dim;
}

// RoPE table [rows, D] and slopes [H], as far as they are given.
bool tables_match(
    const AttendShape& shape,
    const std::optional<Tensor>& rope,
    const std::optional<Tensor>& slopes) {
  return (!rope || (is_float(*rope, 2) && rope->size(1) == shape.head_dim)) &&
         (!slopes || (is_float(*slopes, 1) && slopes->size(0) == shape.heads));
}

// attend.out: q, k, v, k_cache, v_cache, position, rope?, slopes?, window, out
void attend_kernel(KernelRuntimeContext& context, Span<EValue*> stack) {
  const Tensor& q = stack[0]->toTensor();
  const Tensor& k = stack[1]->toTensor();
  const Tensor& v = stack[2]->toTensor();
  Tensor& k_cache = stack[3]->toTensor();
  Tensor& v_cache = stack[4]->toTensor();
  const Tensor& position = stack[5]->toTensor();
  const auto rope = stack[6]->toOptional<Tensor>();
  const auto slopes = stack[7]->toOptional<Tensor>();
  const int64_t window = stack[8]->toInt();
  Tensor& out = stack[9]->toTensor();

  const auto shape = shape_of(q, k, v, q.dim() == 4 ? q.size(1) : 0);
  const auto type = kv_type(k_cache, window);
  if (!shape || !type || k_cache.scalar_type() != v_cache.scalar_type() ||
      !cache_matches(*shape, k_cache) || !cache_matches(*shape, v_cache) ||
      k_cache.size(1) != v_cache.size(1) ||
      position.scalar_type() != ScalarType::Long || position.numel() != 1 ||
      window < 0 || window > k_cache.size(1) ||
      !tables_match(*shape, rope, slopes) || !resize_to_rows(*shape, out)) {
    return context.fail(Error::InvalidArgument);
  }
  const AttendOptions options{
      *position.const_data_ptr<int64_t>(),
      rope ? rope->const_data_ptr<float>() : nullptr,
      slopes ? slopes->const_data_ptr<float>() : nullptr,
      window};
  const int64_t capacity = k_cache.size(1);
  // Past the last row: of the cache, which only with a window is a ring, and
  // of the table.
  int64_t end = window == 0 ? capacity : std::numeric_limits<int64_t>::max();
  if (rope) {
    end = std::min<int64_t>(end, rope->size(0));
  }
  if (options.position < 0 || options.position > end - shape->rows) {
    return context.fail(Error::InvalidArgument);
  }
  float* scratch = nullptr;
  if (rope) {
    auto memory = context.allocate_temp(
        static_cast<size_t>(attend_scratch_size(*shape)) * sizeof(float));
    if (!memory.ok()) {
      return context.fail(memory.error());
    }
    scratch = static_cast<float*>(*memory);
  }
  attend(
      *shape,
      options,
      q.const_data_ptr<float>(),
      k.const_data_ptr<float>(),
      v.const_data_ptr<float>(),
      {k_cache.mutable_data_ptr(), v_cache.mutable_data_ptr(), capacity, *type},
      scratch,
      out.mutable_data_ptr<float>());
}

// attend_all.out: q, k, v, out
void attend_all_kernel(KernelRuntimeContext& context, Span<EValue*> stack) {
  const Tensor& q = stack[0]->toTensor();
  const Tensor& k = stack[1]->toTensor();
  const Tensor& v = stack[2]->toTensor();
  Tensor& out = stack[3]->toTensor();
  const int64_t key_rows = k.dim() == 4 ? k.size(1) : 0;
  const auto shape = shape_of(q, k, v, key_rows);
  if (!shape || key_rows == 0 || !resize_to_rows(*shape, out)) {
    return context.fail(Error::InvalidArgument);
  }
  attend_all(
      *shape,
      key_rows,
      q.const_data_ptr<float>(),
      k.const_data_ptr<float>(),
      v.const_data_ptr<float>(),
      out.mutable_data_ptr<float>());
}

// rms_norm.out: x, weight, eps, out
void rms_norm_kernel(KernelRuntimeContext& context, Span<EValue*> stack) {
  const Tensor& x = stack[0]->toTensor();
  const Tensor& weight = stack[1]->toTensor();
  Tensor& out = stack[3]->toTensor();
  if (!is_float(x) || !is_float(out) || x.dim() == 0 || !is_float(weight, 1) ||
      weight.size(0) != x.size(x.dim() - 1) ||
      executorch::runtime::resize_tensor(out, x.sizes()) != Error::Ok) {
    return context.fail(Error::InvalidArgument);
  }
  const int64_t dim = weight.size(0);
  rms_norm(
      x.const_data_ptr<float>(),
      weight.const_data_ptr<float>(),
      static_cast<float>(stack[2]->toDouble()),
      dim == 0 ? 0 : x.numel() / dim,
      dim,
      out.mutable_data_ptr<float>());
}

// swiglu.out: x, out
void swiglu_kernel(KernelRuntimeContext& context, Span<EValue*> stack) {
  const Tensor& x = stack[0]->toTensor();
  Tensor& out = stack[1]->toTensor();
  if (!is_float(x) || !is_float(out) || x.dim() == 0 ||
      x.size(x.dim() - 1) % 2 != 0) {
    return context.fail(Error::InvalidArgument);
  }
  const auto dim = x.size(x.dim() - 1) / 2;
  if (!resize_last_axis(x, dim, out)) {
    return context.fail(Error::InvalidArgument);
  }
  swiglu(
      x.const_data_ptr<float>(),
      dim == 0 ? 0 : out.numel() / dim,
      dim,
      out.mutable_data_ptr<float>());
}

} // namespace

void register_operators() {
  static std::once_flag once;
  std::call_once(once, [] {
    static const Kernel kernels[] = {
        Kernel("voxtral_tts::attend.out", attend_kernel),
        Kernel("voxtral_tts::attend_all.out", attend_all_kernel),
        Kernel("voxtral_tts::linear.out", linear_kernel),
        Kernel("voxtral_tts::rms_norm.out", rms_norm_kernel),
        Kernel("voxtral_tts::swiglu.out", swiglu_kernel)};
    // Already registered (another copy of this library): the first one serves.
    (void)executorch::runtime::register_kernels({kernels, std::size(kernels)});
  });
}

} // namespace voxtral_tts::operators
