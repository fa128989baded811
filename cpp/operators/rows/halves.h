// Halves as floats, for levels without instructions of their own for it.
// Include it where lanes.h may be.
#pragma once

#include "operators/rows/element.h"

namespace voxtral_tts::operators {
namespace {

template <class Lanes>
VOXTRAL_TTS_INLINE typename Lanes::Float widen_bf16(const uint16_t* p) {
  const auto words = __builtin_convertvector(
      load_lanes<typename Lanes::Halves>(p), typename Lanes::Words);
  return (typename Lanes::Float)(words << 16);
}

// As Float16::load_one().
template <class Lanes>
VOXTRAL_TTS_INLINE typename Lanes::Float widen_f16(const uint16_t* p) {
  using Float = typename Lanes::Float;
  using Words = typename Lanes::Words;
  const auto words =
      __builtin_convertvector(load_lanes<typename Lanes::Halves>(p), Words);
  const Words magnitude = (words & 0x7fff) << 13;
  const Words special =
      (Words)((words & Float16::kExponent) == Float16::kExponent) & 0x7f800000u;
  const auto scaled = (Words)((Float)magnitude * Float16::kUp);
  return (Float)((scaled | special) | (words & 0x8000) << 16);
}

// A level of these lanes, in portable notation. kSums: how many sums it keeps
// at once, so that with what they are made of they fit the registers.
template <class Lanes, int kSumsOfLevel>
struct PortableLevel : Lanes {
  static constexpr int kSums = kSumsOfLevel;
  using Pair = LanePair<typename Lanes::Float>;
  using HalvesOrder = InOrder<Lanes>;

  VOXTRAL_TTS_INLINE static Pair load_bf16(const uint16_t* p) {
    return {widen_bf16<Lanes>(p), widen_bf16<Lanes>(p + Lanes::kCount)};
  }
  VOXTRAL_TTS_INLINE static Pair load_f16(const uint16_t* p) {
    return {widen_f16<Lanes>(p), widen_f16<Lanes>(p + Lanes::kCount)};
  }
};

} // namespace
} // namespace voxtral_tts::operators
