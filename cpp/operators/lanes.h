// Vectors of sixteen floats, and pairs of them.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace voxtral_tts::operators {

using Float16Lanes = float __attribute__((vector_size(64)));
using Word16Lanes = uint32_t __attribute__((vector_size(64)));

#define VOXTRAL_TTS_ALWAYS_INLINE __attribute__((always_inline)) inline

template <class Lanes, class T>
VOXTRAL_TTS_ALWAYS_INLINE Lanes load_lanes(const T* p) {
  Lanes lanes;
  std::memcpy(&lanes, p, sizeof(lanes));
  return lanes;
}

// 32 values as two vectors. Halves are widened where they lie, the lower and
// the upper one of each 32-bit word, which parts the even from the odd ones.
inline constexpr int64_t kPair = 32;
struct LanePair {
  Float16Lanes first, second;
};

// GCC 11 has this under another name, which takes a vector of indices.
#if __has_builtin(__builtin_shufflevector)
#define VOXTRAL_TTS_SHUFFLE(a, b, ...) \
  __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define VOXTRAL_TTS_SHUFFLE(a, b, ...) \
  __builtin_shuffle(a, b, Word16Lanes{__VA_ARGS__})
#endif

// Every other value of the 32 in a and b.
VOXTRAL_TTS_ALWAYS_INLINE Float16Lanes even(Float16Lanes a, Float16Lanes b) {
  // clang-format off
  return VOXTRAL_TTS_SHUFFLE(
      a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
VOXTRAL_TTS_ALWAYS_INLINE Float16Lanes odd(Float16Lanes a, Float16Lanes b) {
  return VOXTRAL_TTS_SHUFFLE(
      a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  // clang-format on
}

} // namespace voxtral_tts::operators
