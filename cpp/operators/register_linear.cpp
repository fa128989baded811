#include "operators/arguments.h"
#include "operators/linear/linear.h"

namespace voxtral_tts::operators {
namespace {

using executorch::aten::ScalarType;
using executorch::aten::Tensor;
using executorch::runtime::Error;
using executorch::runtime::EValue;
using executorch::runtime::KernelRuntimeContext;
using executorch::runtime::Span;

bool holds(const Tensor& tensor, ScalarType type, int64_t size) {
  return tensor.scalar_type() == type && is_contiguous(tensor) &&
         tensor.numel() == size;
}

// Whether the numbers make sense together; sizes stay far from overflow.
bool is_valid(const PackedWeights& weights) {
  constexpr int64_t kLargest = int64_t{1} << 24;
  constexpr int64_t kLargestGroup = 65536; // its sums fit in 32 bits
  return (weights.bits == 4 || weights.bits == 8) && weights.columns > 0 &&
         weights.columns <= kLargest && weights.depth > 0 &&
         weights.depth <= kLargest && weights.group_size > 0 &&
         weights.group_size <= kLargestGroup &&
         weights.group_size % (weights.bits == 4 ? 8 : 4) == 0 &&
         weights.padded_depth() % weights.group_size == 0;
}

} // namespace

void linear_kernel(KernelRuntimeContext& context, Span<EValue*> stack) {
  const Tensor& x = stack[0]->toTensor();
  const Tensor& values = stack[1]->toTensor();
  const Tensor& scales = stack[2]->toTensor();
  const Tensor& sums = stack[3]->toTensor();
  Tensor& out = stack[7]->toTensor();

  PackedWeights weights;
  weights.bits = static_cast<int>(stack[4]->toInt());
  weights.group_size = stack[5]->toInt();
  weights.columns = stack[6]->toInt();
  weights.depth = x.dim() == 0 ? 0 : x.size(x.dim() - 1);
  const ScalarType scale_type =
      weights.bits == 4 ? ScalarType::BFloat16 : ScalarType::Float;
  if (!is_float(x) || !is_float(out) || !is_valid(weights) ||
      !holds(
          values, ScalarType::Byte, weights.tiles() * weights.tile_bytes()) ||
      !holds(
          scales,
          scale_type,
          weights.tiles() * weights.groups() * kTileColumns) ||
      !holds(sums, ScalarType::Float, weights.tiles() * kTileColumns) ||
      !resize_last_axis(x, weights.columns, out)) {
    return context.fail(Error::InvalidArgument);
  }
  weights.values = values.const_data_ptr<uint8_t>();
  weights.scales = scales.const_data_ptr();
  weights.sums = sums.const_data_ptr<float>();
  const int64_t rows = x.numel() / weights.depth;
  const auto scratch =
      context.allocate_temp(linear_scratch_size(weights, rows));
  if (!scratch.ok()) {
    return context.fail(scratch.error());
  }
  linear(
      weights,
      x.const_data_ptr<float>(),
      rows,
      *scratch,
      out.mutable_data_ptr<float>());
}

} // namespace voxtral_tts::operators
