// Products of some rows and some vectors of a tile's weights, written once for
// all vector widths. Include it only from tile_pass.h.
#pragma once

#include "operators/kernels.h"
#include "simd/inline.h"

namespace voxtral_tts::operators {
namespace {

// The core asks for the next page of a stretch of memory too late by itself.
constexpr int64_t kAhead = 1024;

// Adds the products of `loads` vectors of weights, and moves on behind them.
// Where there are sums for both halves of a byte, they do not wait for each
// other.
template <class V, int kBits, int kRows, int kVectors, int kHalves>
VOXTRAL_TTS_INLINE void multiply_loads(
    int64_t loads,
    int64_t stride,
    const uint8_t*& values,
    const uint8_t*& inputs,
    typename V::Int (&sums)[kHalves][kRows][kVectors]) {
  for (int64_t load = 0; load < loads; ++load) {
    for (int at = 0; at < kVectors * V::kLanes * kStepInputs; at += 64) {
      __builtin_prefetch(values + kAhead + at);
    }
    // One half after the other: fewer weights in registers at once.
#pragma GCC unroll 2
    for (int half = 0; half < 8 / kBits; ++half) {
      typename V::Int w[kVectors];
      for (int v = 0; v < kVectors; ++v) {
        w[v] = V::load(values + v * V::kLanes * kStepInputs);
        if constexpr (kBits == 4) {
          w[v] = half == 0 ? V::low_halves(w[v]) : V::high_halves(w[v]);
        }
      }
      for (int r = 0; r < kRows; ++r) {
        const auto a = V::broadcast(inputs + r * stride);
        for (int v = 0; v < kVectors; ++v) {
          auto& sum = sums[half % kHalves][r][v];
          sum = V::template dot<kBits>(sum, a, w[v]);
        }
      }
      inputs += kStepInputs;
    }
    values += kStepBytes;
  }
}

// The same into sums[0], by way of the narrow sums that a level may have.
template <class V, int kBits, int kRows, int kVectors, int kHalves>
VOXTRAL_TTS_INLINE void multiply_group(
    int64_t loads,
    int64_t stride,
    const uint8_t*& values,
    const uint8_t*& inputs,
    typename V::Int (&sums)[kHalves][kRows][kVectors]) {
  constexpr int64_t kNarrow = V::template narrow_loads<kBits>();
  if constexpr (kNarrow == 0) {
    multiply_loads<V, kBits>(loads, stride, values, inputs, sums);
  } else {
    for (int64_t left = loads; left > 0; left -= kNarrow) {
      typename V::Int narrow[1][kRows][kVectors];
      for (int r = 0; r < kRows; ++r) {
        for (int v = 0; v < kVectors; ++v) {
          narrow[0][r][v] = V::zero_int();
        }
      }
      if (left >= kNarrow) {
        multiply_loads<V, kBits>(kNarrow, stride, values, inputs, narrow);
      } else {
        multiply_loads<V, kBits>(left, stride, values, inputs, narrow);
      }
      for (int r = 0; r < kRows; ++r) {
        for (int v = 0; v < kVectors; ++v) {
          sums[0][r][v] = V::add_narrow(sums[0][r][v], narrow[0][r][v]);
        }
      }
    }
  }
  if constexpr (kHalves == 2) {
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kVectors; ++v) {
        sums[0][r][v] = V::add(sums[0][r][v], sums[1][r][v]);
      }
    }
  }
}

} // namespace
} // namespace voxtral_tts::operators
