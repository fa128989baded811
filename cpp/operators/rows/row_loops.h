// Loops over one row that the compiler turns into vector code. Include it where
// lanes.h may be.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "operators/rows/exp.h"
#include "simd/inline.h"

namespace voxtral_tts::operators {
namespace {

// Independent partial sums: floating-point addition may not be reordered, so a
// single running sum would stay scalar.
inline constexpr int kPartialSums = 16;

VOXTRAL_TTS_INLINE float dot(const float* a, const float* b, int64_t size) {
  float sums[kPartialSums] = {};
  int64_t i = 0;
  for (; i + kPartialSums <= size; i += kPartialSums) {
    for (int lane = 0; lane < kPartialSums; ++lane) {
      sums[lane] += a[i + lane] * b[i + lane];
    }
  }
  float total = 0;
  for (; i < size; ++i) {
    total += a[i] * b[i];
  }
  for (int lane = 0; lane < kPartialSums; ++lane) {
    total += sums[lane];
  }
  return total;
}

VOXTRAL_TTS_INLINE void spread_non_finite(float* x, int64_t size) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  float sums[kPartialSums] = {}; // of x * 0: NaN when x is not finite
  int64_t i = 0;
  for (; i + kPartialSums <= size; i += kPartialSums) {
    for (int lane = 0; lane < kPartialSums; ++lane) {
      sums[lane] += x[i + lane] * 0.0f;
    }
  }
  float total = 0;
  for (; i < size; ++i) {
    total += x[i] * 0.0f;
  }
  for (int lane = 0; lane < kPartialSums; ++lane) {
    total += sums[lane];
  }
  if (total != 0.0f) { // true for NaN, the only other value
    for (i = 0; i < size; ++i) {
      x[i] = kNaN;
    }
  }
}

inline void rms_norm_row(
    const float* x, const float* weight, float eps, int64_t dim, float* out) {
  const float mean = dot(x, x, dim) / static_cast<float>(dim);
  // mean - mean: NaN when the mean is infinite, which would scale all to 0.
  const float scale = 1.0f / std::sqrt(mean + eps) + (mean - mean);
  for (int64_t i = 0; i < dim; ++i) {
    out[i] = x[i] * scale * weight[i];
  }
  spread_non_finite(out, dim);
}

inline void swiglu_row(const float* x, int64_t dim, float* out) {
  for (int64_t i = 0; i < dim; ++i) {
    // The sigmoid from e^-|x|, which cannot overflow.
    const float magnitude = x[i] < 0.0f ? -x[i] : x[i];
    const float small = exp_negative(-magnitude);
    const float numerator = x[i] < 0.0f ? small : 1.0f;
    out[i] = x[i] * (numerator / (1.0f + small)) * x[dim + i];
  }
  spread_non_finite(out, dim);
}

} // namespace
} // namespace voxtral_tts::operators
