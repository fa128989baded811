// Loops the compiler turns into vector code, built once per instruction set
// and chosen at load time where the platform can.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

// Sanitizers start before the resolvers of multi-versioned functions may run.
// Each string is one version, chosen by CPU feature: "fma" brings 256-bit AVX
// with it. ("arch=..." would ask for that very CPU model, a comma inside a
// string makes two versions.)
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) &&  \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__clang__)
#define VOXTRAL_TTS_MULTIVERSION \
  __attribute__((target_clones("avx512f", "fma", "default")))
#else
#define VOXTRAL_TTS_MULTIVERSION
#endif

namespace voxtral_tts::operators {

// Independent partial sums: floating-point addition may not be reordered, so a
// single running sum would stay scalar.
inline constexpr int kLanes = 16;

__attribute__((always_inline)) inline float dot(
    const float* a, const float* b, int64_t size) {
  float sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      sums[lane] += a[i + lane] * b[i + lane];
    }
  }
  float total = 0;
  for (; i < size; ++i) {
    total += a[i] * b[i];
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    total += sums[lane];
  }
  return total;
}

// Fills x with NaN when one of its values is NaN or infinite. The dynamic
// quantisation that follows looks for a row's extremes, and a single NaN among
// numbers may vanish there: only a whole row of them surely goes on.
__attribute__((always_inline)) inline void spread_non_finite(
    float* x, int64_t size) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  float sums[kLanes] = {}; // of x * 0: NaN when x is not finite
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      sums[lane] += x[i + lane] * 0.0f;
    }
  }
  float total = 0;
  for (; i < size; ++i) {
    total += x[i] * 0.0f;
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    total += sums[lane];
  }
  if (total != 0.0f) { // true for NaN, the only other value
    std::fill_n(x, size, kNaN);
  }
}

} // namespace voxtral_tts::operators
