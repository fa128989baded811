#include "operators/linear/quantize_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "operators/simd.h"

namespace voxtral_tts::operators {
namespace {

constexpr int64_t kLine = 64; // bytes
constexpr float kMaximum = 255;

struct Extremes {
  float low = 0;
  float high = 0;
  float poison = 0; // NaN once a value was not finite
};

__attribute__((always_inline)) inline Extremes extremes(
    const float* x, int64_t size) {
  float low[kLanes] = {};
  float high[kLanes] = {};
  float poison[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const float value = x[i + lane];
      low[lane] = value < low[lane] ? value : low[lane];
      high[lane] = value > high[lane] ? value : high[lane];
      poison[lane] += value * 0.0f;
    }
  }
  Extremes result;
  for (; i < size; ++i) {
    result.low = std::min(result.low, x[i]);
    result.high = std::max(result.high, x[i]);
    result.poison += x[i] * 0.0f;
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    result.low = std::min(result.low, low[lane]);
    result.high = std::max(result.high, high[lane]);
    result.poison += poison[lane];
  }
  return result;
}

// Rounding moves one end of the range; it is to be the one that matters less.
float zero_point(float low, float high, float scale) {
  const float below = low / scale; // <= 0
  const float above = high / scale;
  const float zero = below + above > 1 ? -below : kMaximum - above;
  return std::nearbyint(std::clamp(zero, 0.0f, kMaximum));
}

// Adding 2^23 leaves a number's nearest whole number, halves to even, in the
// lowest bits.
constexpr float kRounding = 8388608.0f;

VOXTRAL_TTS_MULTIVERSION
void quantize_row(
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
      std::max(span / kMaximum, std::numeric_limits<float>::epsilon());
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

int64_t quantized_stride(int64_t depth) {
  return (depth + kLine - 1) / kLine * kLine;
}

void quantize_rows(
    const float* x,
    int64_t depth,
    int64_t begin,
    int64_t end,
    const QuantizedRows& out) {
  for (int64_t row = begin; row < end; ++row) {
    quantize_row(
        x + row * depth,
        depth,
        out.stride,
        out.values + row * out.stride,
        out.scales + row,
        out.zeros + row);
  }
}

} // namespace voxtral_tts::operators
