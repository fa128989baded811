#include "operators/linear/linear.h"

#include <algorithm>

#include "operators/kernels.h"
#include "operators/linear/quantize_rows.h"
#include "simd/tasks.h"

namespace voxtral_tts::operators {
namespace {

// Fewer values are not worth waking the other threads for.
constexpr int64_t kValuesPerTask = 16384;
// One after the other, so that a thread reads a long stretch of memory: single
// tiles reach nine tenths of the bandwidth.
constexpr int64_t kTilesPerTask = 4;

} // namespace

size_t linear_scratch_size(const PackedWeights& weights, int64_t rows) {
  return static_cast<size_t>(rows) *
         (static_cast<size_t>(quantized_stride(weights.padded_depth())) +
          2 * sizeof(float));
}

void linear(
    const PackedWeights& weights,
    const float* x,
    int64_t rows,
    void* scratch,
    float* out) {
  QuantizedRows quantized;
  quantized.rows = rows;
  quantized.stride = quantized_stride(weights.padded_depth());
  quantized.scales = static_cast<float*>(scratch);
  quantized.zeros = quantized.scales + rows;
  quantized.values = reinterpret_cast<uint8_t*>(quantized.zeros + rows);
  const auto quantize = [&](int64_t begin, int64_t end) {
    quantize_rows(x, weights.depth, begin, end, quantized);
  };
  const int64_t rows_per_task =
      std::max<int64_t>(1, kValuesPerTask / weights.depth);
  simd::run_tasks(
      (rows + rows_per_task - 1) / rows_per_task, [&](int64_t task) {
        const int64_t begin = task * rows_per_task;
        quantize(begin, std::min(rows, begin + rows_per_task));
      });
  const MultiplyTile multiply = kernels().multiply_tile;
  const int64_t tiles = weights.tiles();
  simd::run_tasks(
      (tiles + kTilesPerTask - 1) / kTilesPerTask, [&](int64_t task) {
        const int64_t begin = task * kTilesPerTask;
        const int64_t end = std::min(tiles, begin + kTilesPerTask);
        for (int64_t tile = begin; tile < end; ++tile) {
          multiply(weights, quantized, tile, out);
        }
      });
}

} // namespace voxtral_tts::operators
