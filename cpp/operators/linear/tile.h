// A tile of columns times all rows. Include it only from level_*.cpp, after
// target.h: what it holds is compiled for that level.
#pragma once

#include "operators/linear/tile_pass.h"

namespace voxtral_tts::operators {
namespace {

template <class V, int kBits, int kRows>
void multiply_rows(
    const PackedWeights& weights,
    const QuantizedRows& x,
    int64_t tile,
    int64_t row,
    float* out) {
  for (int64_t column = 0; column < kTileColumns;
       column += V::vectors(kRows) * V::kLanes) {
    multiply_pass<V, kBits, kRows>(weights, x, tile, column, row, out);
  }
}

// The last rows, one of 1 .. kRows at a time.
template <class V, int kBits, int kRows>
void multiply_rest(
    const PackedWeights& weights,
    const QuantizedRows& x,
    int64_t tile,
    int64_t row,
    float* out) {
  if (x.rows - row == kRows) {
    multiply_rows<V, kBits, kRows>(weights, x, tile, row, out);
  } else if constexpr (kRows > 1) {
    multiply_rest<V, kBits, kRows - 1>(weights, x, tile, row, out);
  }
}

template <class V, int kBits>
void multiply_tile(
    const PackedWeights& weights,
    const QuantizedRows& x,
    int64_t tile,
    float* out) {
  int64_t row = 0;
  for (; row + V::kRows <= x.rows; row += V::kRows) {
    multiply_rows<V, kBits, V::kRows>(weights, x, tile, row, out);
  }
  multiply_rest<V, kBits, V::kRows>(weights, x, tile, row, out);
}

template <class V>
void multiply_any(
    const PackedWeights& weights,
    const QuantizedRows& x,
    int64_t tile,
    float* out) {
  if (weights.bits == 4) {
    multiply_tile<V, 4>(weights, x, tile, out);
  } else {
    multiply_tile<V, 8>(weights, x, tile, out);
  }
}

} // namespace
} // namespace voxtral_tts::operators
