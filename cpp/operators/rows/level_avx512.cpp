#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "operators/kernels.h"
#include "simd/target.h"

#if defined(__x86_64__)
VOXTRAL_TTS_TARGET("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")
#include "operators/rows/row_kernels.h"

namespace voxtral_tts::operators {
namespace {

// Halves are widened where they lie, the lower and the upper one of each 32-bit
// word, which parts the even from the odd ones.
struct EvenOdd {
  using Float = Lanes16::Float;
  using Pair = LanePair<Float>;
  VOXTRAL_TTS_INLINE static Pair part(const float* p) {
    const auto a = load_lanes<Float>(p);
    const auto b = load_lanes<Float>(p + 16);
    return {Lanes16::even(a, b), Lanes16::odd(a, b)};
  }
  VOXTRAL_TTS_INLINE static void join(Pair pair, float* p) {
    // clang-format off
    const Float a = VOXTRAL_TTS_SHUFFLE(Lanes16::Words,
        pair.first, pair.second,
        0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const Float b = VOXTRAL_TTS_SHUFFLE(Lanes16::Words,
        pair.first, pair.second,
        8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    // clang-format on
    std::memcpy(p, &a, sizeof(a));
    std::memcpy(p + 16, &b, sizeof(b));
  }
};

// 16 sums, 8 parts of keys and 2 of a query, of 32 registers.
struct Avx512 : Lanes16 {
  static constexpr int kSums = 16;
  using Pair = LanePair<Float>;
  using HalvesOrder = EvenOdd;

  VOXTRAL_TTS_INLINE static Pair load_bf16(const uint16_t* p) {
    const auto words = load_lanes<Words>(p);
    return {(Float)(words << 16), (Float)(words & 0xffff0000u)};
  }
  VOXTRAL_TTS_INLINE static Float widen(const uint16_t* p) {
    return (Float)_mm512_cvtph_ps(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  VOXTRAL_TTS_INLINE static Pair load_f16(const uint16_t* p) {
    const Float a = widen(p);
    const Float b = widen(p + kCount);
    return {even(a, b), odd(a, b)};
  }
};

} // namespace

const RowKernels& avx512_row_kernels() {
  return kRowKernels<Avx512>;
}

} // namespace voxtral_tts::operators
VOXTRAL_TTS_TARGET_END
#endif
