// Quantised weights as export/packed_weights.py lays them out, and the rows
// they are multiplied with. Views: all memory is the caller's.
#pragma once

#include <cstdint>

namespace voxtral_tts::operators {

// Columns (outputs) that lie together. A tile holds, for each step of 4 inputs,
// 32 columns x 4 inputs in bytes; at 4 bits, two steps share them: the first in
// the low halves, the second in the high ones. Columns are filled up with zeros
// to whole tiles, inputs to whole steps.
inline constexpr int64_t kTileColumns = 32;
inline constexpr int64_t kStepInputs = 4;
inline constexpr int64_t kStepBytes = kTileColumns * kStepInputs;

struct PackedWeights {
  int bits = 0;           // 4 or 8, two's complement
  int64_t columns = 0;    // outputs, without the filling
  int64_t depth = 0;      // inputs, without the filling
  int64_t group_size = 0; // inputs per scale; at 8 bits the padded depth

  const uint8_t* values = nullptr; // [tiles, steps, kStepBytes], half at 4 bits
  // [tiles, groups, kTileColumns]: bfloat16 at 4 bits, float32 at 8.
  const void* scales = nullptr;
  // [tiles, kTileColumns]: the sum of a column's weights, which the rows' zero
  // points are multiplied with.
  const float* sums = nullptr;

  int64_t tiles() const {
    return (columns + kTileColumns - 1) / kTileColumns;
  }
  // Inputs with the filling: two steps at 4 bits.
  int64_t padded_depth() const {
    const int64_t unit = bits == 4 ? 2 * kStepInputs : kStepInputs;
    return (depth + unit - 1) / unit * unit;
  }
  int64_t groups() const {
    return padded_depth() / group_size;
  }
  int64_t tile_bytes() const {
    return padded_depth() * kTileColumns * bits / 8;
  }
};

// Rows of 8-bit activations: x = scale * (value - zero).
struct QuantizedRows {
  int64_t rows = 0;
  int64_t stride = 0;        // bytes from row to row, filled up with the zero
  uint8_t* values = nullptr; // [rows, stride]
  float* scales = nullptr;   // [rows]; NaN for a row with a non-finite value
  float* zeros = nullptr;    // [rows], whole numbers 0..255
};

} // namespace voxtral_tts::operators
