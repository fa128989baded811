// The code of the operators that exists once per instruction set: what a level
// has, and the level in use.
#pragma once

#include <cstdint>

#include "operators/attend.h"
#include "operators/linear/packed_weights.h"
#include "simd/level.h"

namespace voxtral_tts::operators {

// Where the keys and values of one key head come from: rows before `split` from
// the cache (a ring), later ones from new rows.
struct KeySource {
  const void* cached_keys; // of `type`
  const void* cached_values;
  KvType type;
  int64_t capacity;
  const float* new_keys;
  const float* new_values;
  int64_t split;      // absolute row of new_keys[0]
  int64_t row_stride; // elements between rows: Hkv * D
};

// The queries of one row that share a key head.
struct HeadGroup {
  const float* queries; // [heads, head_dim]
  const float* slopes;  // ALiBi, [heads], or null
  float* out;           // [heads, head_dim]
  int64_t heads;
  int64_t head_dim;
  int64_t row;        // absolute
  int64_t begin, end; // the rows attended to
};

// Attention and everything that treats rows alike.
struct RowKernels {
  void (*attend_group)(const KeySource& source, const HeadGroup& group);
  // The next two for one row.
  void (*rms_norm)(
      const float* x, const float* weight, float eps, int64_t dim, float* out);
  void (*swiglu)(const float* x, int64_t dim, float* out);
  // Fills x with NaN when one of its values is NaN or infinite. The dynamic
  // quantisation that follows looks for a row's extremes, and a single NaN
  // among numbers may vanish there: only a whole row of them surely goes on.
  void (*spread_non_finite)(float* x, int64_t size);
  // One row of quantize_rows(): `stride` bytes of values.
  void (*quantize)(
      const float* x,
      int64_t depth,
      int64_t stride,
      uint8_t* values,
      float* scale,
      float* zero);
};

// out[r, c] of all rows r and the columns c of one tile; out [rows, columns].
using MultiplyTile = void (*)(
    const PackedWeights& weights,
    const QuantizedRows& x,
    int64_t tile,
    float* out);

struct Kernels {
  MultiplyTile multiply_tile;
  const RowKernels* rows;
};

// Of a level that simd::has_level(), by itself the one in use.
Kernels kernels(simd::Level level = simd::level());

// Each in a file of its own; which of them exist, kernels.cpp knows.
const RowKernels& baseline_row_kernels();
const RowKernels& avx2_row_kernels();
const RowKernels& avx512_row_kernels();
MultiplyTile baseline_multiply_tile();
MultiplyTile avx2_multiply_tile();
MultiplyTile avx512_vnni_multiply_tile();
MultiplyTile neon_dot_multiply_tile();

} // namespace voxtral_tts::operators
