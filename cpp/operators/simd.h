// Loops the compiler turns into vector code, built once per instruction set
// and chosen at load time where the platform can.
#pragma once

#include <cstdint>

// Sanitizers start before the resolvers of multi-versioned functions may run.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__clang__)
#define VOXTRAL_TTS_MULTIVERSION \
  __attribute__((target_clones("avx512f", "avx2,fma", "default")))
#else
#define VOXTRAL_TTS_MULTIVERSION
#endif

namespace voxtral_tts::operators {

// Independent partial sums: floating-point addition may not be reordered, so a
// single running sum would stay scalar.
inline constexpr int kLanes = 16;

__attribute__((always_inline)) inline float
dot(const float* a, const float* b, int64_t size) {
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

// y = y * scale + x * weight
__attribute__((always_inline)) inline void scale_add(
    float* y, float scale, const float* x, float weight, int64_t size) {
  for (int64_t i = 0; i < size; ++i) {
    y[i] = y[i] * scale + x[i] * weight;
  }
}

} // namespace voxtral_tts::operators
