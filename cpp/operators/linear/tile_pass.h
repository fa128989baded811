// Some rows times some columns of a tile, written once for all vector widths.
// Include it only from tile.h.
#pragma once

#include <cstddef>

#include "operators/kernels.h"
#include "operators/linear/tile_products.h"
#include "simd/inline.h"

namespace voxtral_tts::operators {
namespace {

// One pass: kRows rows times some vectors of columns that start at `column` of
// a tile. Sums of products are whole numbers within a group of inputs, so that
// their order does not matter; groups are added up in float32, in order.
template <class V, int kBits, int kRows>
VOXTRAL_TTS_INLINE void multiply_pass(
    const PackedWeights& weights,
    const QuantizedRows& x,
    int64_t tile,
    int64_t column,
    int64_t row,
    float* out) {
  constexpr int kVectors = V::vectors(kRows);
  constexpr int kHalves = kBits == 4 ? V::half_sums(kRows) : 1;
  constexpr int64_t kScaleBytes = kBits == 4 ? 2 : 4;
  const uint8_t* values =
      weights.values + tile * weights.tile_bytes() + column * kStepInputs;
  const char* scales =
      static_cast<const char*>(weights.scales) +
      (tile * weights.groups() * kTileColumns + column) * kScaleBytes;
  const uint8_t* inputs = x.values + row * x.stride;
  const int64_t groups = weights.groups();
  const int64_t loads = weights.group_size / (kStepInputs * 8 / kBits);

  typename V::Float sums[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = V::zero();
    }
  }
  for (int64_t group = 0; group < groups; ++group) {
    typename V::Int products[kHalves][kRows][kVectors];
    for (auto& half : products) {
      for (int r = 0; r < kRows; ++r) {
        for (int v = 0; v < kVectors; ++v) {
          half[r][v] = V::zero_int();
        }
      }
    }
    multiply_group<V, kBits>(loads, x.stride, values, inputs, products);
    for (int v = 0; v < kVectors; ++v) {
      const auto scale =
          kBits == 4 ? V::load_bf16(scales + v * V::kLanes * kScaleBytes)
                     : V::load_float(scales + v * V::kLanes * kScaleBytes);
      for (int r = 0; r < kRows; ++r) {
        sums[r][v] = V::madd(V::to_float(products[0][r][v]), scale, sums[r][v]);
      }
    }
    scales += kTileColumns * kScaleBytes;
  }

  constexpr float kUnit = kBits == 4 ? V::kHalfUnit : 1.0f;
  const float* column_sums = weights.sums + tile * kTileColumns + column;
  const int64_t first_column = tile * kTileColumns + column;
  for (int r = 0; r < kRows; ++r) {
    const float scale = x.scales[row + r];
    const float zero = x.zeros[row + r] - V::kInputOffset;
    float* to = out + (row + r) * weights.columns + first_column;
    for (int v = 0; v < kVectors; ++v) {
      alignas(64) float lanes[V::kLanes];
      V::store(
          lanes,
          V::finish(
              sums[r][v],
              kUnit,
              V::load_float(column_sums + v * V::kLanes),
              zero,
              scale));
      const int64_t left = weights.columns - first_column - v * V::kLanes;
      if (left >= V::kLanes) {
        __builtin_memcpy(to + v * V::kLanes, lanes, sizeof(lanes));
      } else if (left > 0) {
        __builtin_memcpy(
            to + v * V::kLanes,
            lanes,
            static_cast<size_t>(left) * sizeof(float));
      }
    }
  }
}

} // namespace
} // namespace voxtral_tts::operators
