// Vectors of floats in the compilers' portable notation, compiled for whatever
// instruction set is in force where this is included: include it only from
// level_*.cpp, after target.h, or where the compiler's own target is meant.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "simd/inline.h"

namespace voxtral_tts::operators {
namespace {

// GCC 11 has this under another name, which takes a vector of indices.
#if __has_builtin(__builtin_shufflevector)
#define VOXTRAL_TTS_SHUFFLE(Words, a, b, ...) \
  __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define VOXTRAL_TTS_SHUFFLE(Words, a, b, ...) \
  __builtin_shuffle(a, b, Words{__VA_ARGS__})
#endif

// What one load of halves gives: 2 * kCount values.
template <class Float>
struct LanePair {
  Float first, second;
};

template <class T>
VOXTRAL_TTS_INLINE T load_lanes(const void* p) {
  T lanes;
  std::memcpy(&lanes, p, sizeof(lanes));
  return lanes;
}

// fold() adds up the lanes of kCount vectors, each to a lane of its own, all in
// the same order.
struct Lanes4 {
  static constexpr int kCount = 4;
  using Float = float __attribute__((vector_size(16)));
  using Words = uint32_t __attribute__((vector_size(16)));
  using Halves = uint16_t __attribute__((vector_size(8)));

  VOXTRAL_TTS_INLINE static Float add_neighbours(Float a, Float b) {
    return VOXTRAL_TTS_SHUFFLE(Words, a, b, 0, 2, 4, 6) +
           VOXTRAL_TTS_SHUFFLE(Words, a, b, 1, 3, 5, 7);
  }
  VOXTRAL_TTS_INLINE static Float fold(const Float* sums) {
    return add_neighbours(
        add_neighbours(sums[0], sums[1]), add_neighbours(sums[2], sums[3]));
  }
};

struct Lanes8 {
  static constexpr int kCount = 8;
  using Float = float __attribute__((vector_size(32)));
  using Words = uint32_t __attribute__((vector_size(32)));
  using Halves = uint16_t __attribute__((vector_size(16)));

  // Within the halves of a register, which are slow to cross.
  VOXTRAL_TTS_INLINE static Float add_neighbours(Float a, Float b) {
    return VOXTRAL_TTS_SHUFFLE(Words, a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
           VOXTRAL_TTS_SHUFFLE(Words, a, b, 1, 3, 9, 11, 5, 7, 13, 15);
  }
  VOXTRAL_TTS_INLINE static Float fold(const Float* sums) {
    const Float a = add_neighbours(
        add_neighbours(sums[0], sums[1]), add_neighbours(sums[2], sums[3]));
    const Float b = add_neighbours(
        add_neighbours(sums[4], sums[5]), add_neighbours(sums[6], sums[7]));
    return VOXTRAL_TTS_SHUFFLE(Words, a, b, 0, 1, 2, 3, 8, 9, 10, 11) +
           VOXTRAL_TTS_SHUFFLE(Words, a, b, 4, 5, 6, 7, 12, 13, 14, 15);
  }
};

struct Lanes16 {
  static constexpr int kCount = 16;
  using Float = float __attribute__((vector_size(64)));
  using Words = uint32_t __attribute__((vector_size(64)));

  // Every other value of the 32 in a and b.
  VOXTRAL_TTS_INLINE static Float even(Float a, Float b) {
    // clang-format off
    return VOXTRAL_TTS_SHUFFLE(Words,
        a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  }
  VOXTRAL_TTS_INLINE static Float odd(Float a, Float b) {
    return VOXTRAL_TTS_SHUFFLE(Words,
        a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    // clang-format on
  }
  VOXTRAL_TTS_INLINE static Float fold(const Float* sums) {
    Float folded[kCount];
    std::memcpy(folded, sums, sizeof(folded));
#pragma GCC unroll 4
    for (int width = kCount; width > 1; width /= 2) {
#pragma GCC unroll 8
      for (int i = 0; i < width / 2; ++i) {
        const Float a = folded[2 * i];
        const Float b = folded[2 * i + 1];
        folded[i] = even(a, b) + odd(a, b);
      }
    }
    return folded[0];
  }
};

} // namespace
} // namespace voxtral_tts::operators
