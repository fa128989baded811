// The types a KV cache may have, sixteen values at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "operators/lanes.h"

namespace voxtral_tts::operators {

// Floats in the order of the halves' load(), and back.
struct EvenOddFloats {
  VOXTRAL_TTS_ALWAYS_INLINE static LanePair part(const float* p) {
    const auto a = load_lanes<Float16Lanes>(p);
    const auto b = load_lanes<Float16Lanes>(p + 16);
    return {even(a, b), odd(a, b)};
  }
  VOXTRAL_TTS_ALWAYS_INLINE static void join(LanePair pair, float* p) {
    // clang-format off
    const Float16Lanes a = VOXTRAL_TTS_SHUFFLE(
        pair.first, pair.second,
        0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const Float16Lanes b = VOXTRAL_TTS_SHUFFLE(
        pair.first, pair.second,
        8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    // clang-format on
    std::memcpy(p, &a, sizeof(a));
    std::memcpy(p + 16, &b, sizeof(b));
  }
};

struct Float32Element {
  using Stored = float;
  VOXTRAL_TTS_ALWAYS_INLINE static LanePair load(const float* p) {
    return {load_lanes<Float16Lanes>(p), load_lanes<Float16Lanes>(p + 16)};
  }
  VOXTRAL_TTS_ALWAYS_INLINE static LanePair part(const float* p) {
    return load(p);
  }
  VOXTRAL_TTS_ALWAYS_INLINE static void join(LanePair pair, float* p) {
    std::memcpy(p, &pair.first, sizeof(pair.first));
    std::memcpy(p + 16, &pair.second, sizeof(pair.second));
  }
  static float load_one(const float* p) {
    return *p;
  }
  static float store_one(float value) {
    return value;
  }
};

struct Bfloat16Element : EvenOddFloats {
  using Stored = uint16_t;
  VOXTRAL_TTS_ALWAYS_INLINE static LanePair load(const uint16_t* p) {
    const auto words = load_lanes<Word16Lanes>(p);
    return {(Float16Lanes)(words << 16), (Float16Lanes)(words & 0xffff0000u)};
  }
  static float load_one(const uint16_t* p) {
    return std::bit_cast<float>(static_cast<uint32_t>(*p) << 16);
  }
  // To the nearest, halves to even; NaN stays NaN.
  static uint16_t store_one(float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    if (value != value) {
      return static_cast<uint16_t>((bits >> 16) | 0x40);
    }
    return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  }
};

// IEEE half precision: the exponent is moved by a multiplication, which gets
// subnormal numbers right too.
struct Float16Element : EvenOddFloats {
  using Stored = uint16_t;
  static constexpr uint32_t kExponent = 0x7c00; // all ones: infinity or NaN
  static constexpr float kUp = 0x1p112f;

  // The lower halves of 32-bit words.
  VOXTRAL_TTS_ALWAYS_INLINE static Float16Lanes widen(Word16Lanes words) {
    const Word16Lanes magnitude = (words & 0x7fff) << 13;
    // Beyond every finite number: all ones in float32 as well.
    const Word16Lanes special =
        (Word16Lanes)((words & kExponent) == kExponent) & 0x7f800000u;
    const auto scaled = (Word16Lanes)((Float16Lanes)magnitude * kUp);
    return (Float16Lanes)((scaled | special) | (words & 0x8000) << 16);
  }
  VOXTRAL_TTS_ALWAYS_INLINE static LanePair load(const uint16_t* p) {
    const auto words = load_lanes<Word16Lanes>(p);
    return {widen(words), widen(words >> 16)};
  }
  static float load_one(const uint16_t* p) {
    const uint32_t wide = *p;
    const float scaled = std::bit_cast<float>((wide & 0x7fff) << 13) * kUp;
    const uint32_t special = (wide & kExponent) == kExponent ? 0x7f800000u : 0;
    return std::bit_cast<float>(
        std::bit_cast<uint32_t>(scaled) | special | (wide & 0x8000) << 16);
  }
  static uint16_t store_one(float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
    const float magnitude = std::bit_cast<float>(bits & 0x7fffffff);
    if (!(magnitude < 65520.0f)) { // rounds to infinity, or is NaN
      return sign | static_cast<uint16_t>(value != value ? 0x7e00 : kExponent);
    }
    if (magnitude < 0x1p-14f) { // subnormal: steps of 2^-24
      return sign | static_cast<uint16_t>(
                        std::bit_cast<uint32_t>(magnitude + 0x1p-1f) -
                        std::bit_cast<uint32_t>(0x1p-1f));
    }
    const auto word = std::bit_cast<uint32_t>(magnitude) - (112u << 23);
    return sign |
           static_cast<uint16_t>((word + 0xfff + ((word >> 13) & 1)) >> 13);
  }
};

} // namespace voxtral_tts::operators
