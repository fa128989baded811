#include "operators/linear/quantize_rows.h"

#include "operators/kernels.h"

namespace voxtral_tts::operators {

int64_t quantized_stride(int64_t depth) {
  constexpr int64_t kLine = 64; // bytes
  return (depth + kLine - 1) / kLine * kLine;
}

void quantize_rows(
    const float* x,
    int64_t depth,
    int64_t begin,
    int64_t end,
    const QuantizedRows& out) {
  const RowKernels& level = *kernels().rows;
  for (int64_t row = begin; row < end; ++row) {
    level.quantize(
        x + row * depth,
        depth,
        out.stride,
        out.values + row * out.stride,
        out.scales + row,
        out.zeros + row);
  }
}

} // namespace voxtral_tts::operators
