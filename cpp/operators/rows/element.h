// The types a KV cache may have: one value, and as many as a level's vectors
// hold at a time. Include it where lanes.h may be.
#pragma once

#include "operators/rows/lanes.h"

namespace voxtral_tts::operators {
namespace {

struct Float32 {
  using Stored = float;
  static float load_one(const float* p) {
    return *p;
  }
  static float store_one(float value) {
    return value;
  }
};

struct Bfloat16 {
  using Stored = uint16_t;
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
struct Float16 {
  using Stored = uint16_t;
  static constexpr uint32_t kExponent = 0x7c00; // all ones: infinity or NaN
  static constexpr float kUp = 0x1p112f;

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

// Pairs of vectors from memory and back, for a level L: kCount values and the
// next kCount, unless the level says otherwise for a type.
template <class L>
struct InOrder {
  using Pair = LanePair<typename L::Float>;
  VOXTRAL_TTS_INLINE static Pair part(const float* p) {
    return {
        load_lanes<typename L::Float>(p),
        load_lanes<typename L::Float>(p + L::kCount)};
  }
  VOXTRAL_TTS_INLINE static void join(Pair pair, float* p) {
    std::memcpy(p, &pair.first, sizeof(pair.first));
    std::memcpy(p + L::kCount, &pair.second, sizeof(pair.second));
  }
};

template <class L>
struct Float32Lanes : Float32, InOrder<L> {
  VOXTRAL_TTS_INLINE static LanePair<typename L::Float> load(const float* p) {
    return InOrder<L>::part(p);
  }
};

// part() and join() are of the order in which L::load_bf16() has the values.
template <class L>
struct Bfloat16Lanes : Bfloat16, L::HalvesOrder {
  VOXTRAL_TTS_INLINE static LanePair<typename L::Float> load(
      const uint16_t* p) {
    return L::load_bf16(p);
  }
};

template <class L>
struct Float16Lanes : Float16, L::HalvesOrder {
  VOXTRAL_TTS_INLINE static LanePair<typename L::Float> load(
      const uint16_t* p) {
    return L::load_f16(p);
  }
};

} // namespace
} // namespace voxtral_tts::operators
