// An exponential that the compiler turns into vector code. Include it where
// lanes.h may be.
#pragma once

#include <bit>
#include <cstdint>

#include "simd/inline.h"

namespace voxtral_tts::operators {
namespace {

// e^x for x <= 0, within 2e-7 of it: 2^n times a polynomial, which the compiler
// turns into vector code. (Coefficients: Taylor's, on half an octave each way.)
VOXTRAL_TTS_INLINE float exp_negative(float x) {
  constexpr float kRound = 12582912.0f; // 1.5 * 2^23
  const float clamped = x < -87.0f ? -87.0f : x;
  // The whole number next to it, in the lowest bits as well.
  const float shifted = clamped * 1.44269504f + kRound;
  const float n = shifted - kRound;
  const float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const uint32_t power =
      std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(kRound) + 127;
  return x < -87.0f ? 0.0f : p * std::bit_cast<float>(power << 23);
}

} // namespace
} // namespace voxtral_tts::operators
