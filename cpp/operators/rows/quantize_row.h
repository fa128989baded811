// One row of activations to 8 bits. Include it where lanes.h may be.
#pragma once

#include <cmath>
#include <limits>

#include "operators/rows/row_loops.h"

namespace voxtral_tts::operators {
namespace {

constexpr float kMaximum = 255;

struct Extremes {
  float low = 0;
  float high = 0;
  float poison = 0; // NaN once a value was not finite
};

VOXTRAL_TTS_INLINE float lower(float a, float b) {
  return b < a ? b : a;
}
VOXTRAL_TTS_INLINE float higher(float a, float b) {
  return a < b ? b : a;
}

VOXTRAL_TTS_INLINE Extremes extremes(const float* x, int64_t size) {
  float low[kPartialSums] = {};
  float high[kPartialSums] = {};
  float poison[kPartialSums] = {};
  int64_t i = 0;
  for (; i + kPartialSums <= size; i += kPartialSums) {
    for (int lane = 0; lane < kPartialSums; ++lane) {
      const float value = x[i + lane];
      low[lane] = value < low[lane] ? value : low[lane];
      high[lane] = value > high[lane] ? value : high[lane];
      poison[lane] += value * 0.0f;
    }
  }
  Extremes result;
  for (; i < size; ++i) {
    result.low = lower(result.low, x[i]);
    result.high = higher(result.high, x[i]);
    result.poison += x[i] * 0.0f;
  }
  for (int lane = 0; lane < kPartialSums; ++lane) {
    result.low = lower(result.low, low[lane]);
    result.high = higher(result.high, high[lane]);
    result.poison += poison[lane];
  }
  return result;
}

// Rounding moves one end of the range; it is to be the one that matters less.
VOXTRAL_TTS_INLINE float zero_point(float low, float high, float scale) {
  const float below = low / scale; // <= 0
  const float above = high / scale;
  const float zero = below + above > 1 ? -below : kMaximum - above;
  return std::nearbyint(lower(higher(zero, 0.0f), kMaximum));
}

// Adding 2^23 leaves a number's nearest whole number, halves to even, in the
// lowest bits.
constexpr float kRounding = 8388608.0f;

inline void quantize_row(
    const float* x,
    int64_t depth,
    int64_t stride,
    uint8_t* values,
    float* scale_out,
    float* zero_out) {
  const Extremes range = extremes(x, depth);
  const float span = range.high - range.low;
  // A span can overflow although its ends do not.
  if (range.poison != 0.0f || !(span <= std::numeric_limits<float>::max())) {
    std::memset(values, 0, static_cast<size_t>(stride));
    *scale_out = std::numeric_limits<float>::quiet_NaN();
    *zero_out = 0;
    return;
  }
  const float scale =
      higher(span / kMaximum, std::numeric_limits<float>::epsilon());
  const float zero = zero_point(range.low, range.high, scale);
  const float inverse = 1.0f / scale;
  for (int64_t i = 0; i < depth; ++i) {
    float value = x[i] * inverse + zero;
    value = value < 0.0f ? 0.0f : value;
    value = value > kMaximum ? kMaximum : value;
    values[i] =
        static_cast<uint8_t>(std::bit_cast<uint32_t>(value + kRounding));
  }
  std::memset(
      values + depth,
      static_cast<int>(zero),
      static_cast<size_t>(stride - depth));
  *scale_out = scale;
  *zero_out = zero;
}

} // namespace
} // namespace voxtral_tts::operators
