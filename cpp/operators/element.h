// The types a KV cache may have, sixteen values at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

// A vector wider than the target's registers is only passed to functions that
// are inlined, so that how it would be passed does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace voxtral_tts::operators {

using Float16Lanes = float __attribute__((vector_size(64)));
using Word16Lanes = uint32_t __attribute__((vector_size(64)));
using Half16Lanes = uint16_t __attribute__((vector_size(32)));

template <class Lanes, class T>
__attribute__((always_inline)) inline Lanes load_lanes(const T* p) {
  Lanes lanes;
  std::memcpy(&lanes, p, sizeof(lanes));
  return lanes;
}

struct Float32Element {
  using Stored = float;
  __attribute__((always_inline)) static Float16Lanes load(const float* p) {
    return load_lanes<Float16Lanes>(p);
  }
  static float load_one(const float* p) {
    return *p;
  }
  static float store_one(float value) {
    return value;
  }
};

struct Bfloat16Element {
  using Stored = uint16_t;
  __attribute__((always_inline)) static Float16Lanes load(const uint16_t* p) {
    const auto wide =
        __builtin_convertvector(load_lanes<Half16Lanes>(p), Word16Lanes);
    return (Float16Lanes)(wide << 16);
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
struct Float16Element {
  using Stored = uint16_t;
  static constexpr uint32_t kExponent = 0x7c00; // all ones: infinity or NaN
  static constexpr float kUp = 0x1p112f;

  __attribute__((always_inline)) static Float16Lanes load(const uint16_t* p) {
    const auto wide =
        __builtin_convertvector(load_lanes<Half16Lanes>(p), Word16Lanes);
    const Word16Lanes magnitude = (wide & 0x7fff) << 13;
    // Beyond every finite number: all ones in float32 as well.
    const Word16Lanes special =
        (Word16Lanes)((wide & kExponent) == kExponent) & 0x7f800000u;
    const auto scaled = (Word16Lanes)((Float16Lanes)magnitude * kUp);
    return (Float16Lanes)((scaled | special) | (wide & 0x8000) << 16);
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
