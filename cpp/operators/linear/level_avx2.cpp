#include "operators/kernels.h"
#include "simd/target.h"

#if defined(__x86_64__)
VOXTRAL_TTS_TARGET("avx2,fma")
#include "operators/linear/tile.h"

namespace voxtral_tts::operators {
namespace {

struct Avx2 {
  using Float = __m256;
  using Int = __m256i;
  static constexpr int kLanes = 8;
  // Of 16 registers. A single row takes a whole tile: one stream of memory.
  static constexpr int kRows = 3;
  static constexpr int vectors(int rows) {
    return rows == 1 ? 4 : 2;
  }
  static constexpr int half_sums(int) {
    return 1;
  }
  // Sums of 8 * 2 products of at most 255 * 8 fit in 16 bits: two halves of
  // four loads.
  template <int kBits>
  static constexpr int narrow_loads() {
    return kBits == 4 ? 4 : 0;
  }
  static constexpr float kHalfUnit = 1;
  static constexpr float kInputOffset = 0;

  static VOXTRAL_TTS_INLINE Float zero() {
    return _mm256_setzero_ps();
  }
  static VOXTRAL_TTS_INLINE Int zero_int() {
    return _mm256_setzero_si256();
  }
  static VOXTRAL_TTS_INLINE Int load(const uint8_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  // -8 .. 7
  static VOXTRAL_TTS_INLINE Int low_halves(Int bytes) {
    const Int eight = _mm256_set1_epi8(8);
    const Int low = _mm256_and_si256(bytes, _mm256_set1_epi8(0x0f));
    return _mm256_sub_epi8(_mm256_xor_si256(low, eight), eight);
  }
  static VOXTRAL_TTS_INLINE Int high_halves(Int bytes) {
    return low_halves(_mm256_srli_epi32(bytes, 4));
  }
  static VOXTRAL_TTS_INLINE Int broadcast(const uint8_t* p) {
    int four;
    __builtin_memcpy(&four, p, sizeof(four));
    return _mm256_set1_epi32(four);
  }
  static VOXTRAL_TTS_INLINE Int widen(Int pairs) {
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  }
  static VOXTRAL_TTS_INLINE Int pairs_dot(Int x, Int w) {
    return widen(_mm256_maddubs_epi16(x, w));
  }
  static VOXTRAL_TTS_INLINE Int add_narrow(Int sum, Int narrow) {
    return _mm256_add_epi32(sum, widen(narrow));
  }
  template <int kBits>
  static VOXTRAL_TTS_INLINE Int dot(Int sum, Int x, Int w) {
    if constexpr (kBits == 4) {
      return _mm256_add_epi16(sum, _mm256_maddubs_epi16(x, w));
    }
    // 255 * 127 twice does not fit in 16 bits: the lower seven bits of x first.
    const Int seven = _mm256_set1_epi8(0x7f);
    const Int top =
        _mm256_and_si256(_mm256_srli_epi16(x, 7), _mm256_set1_epi8(1));
    sum = _mm256_add_epi32(sum, pairs_dot(_mm256_and_si256(x, seven), w));
    return _mm256_add_epi32(sum, _mm256_slli_epi32(pairs_dot(top, w), 7));
  }
  static VOXTRAL_TTS_INLINE Float to_float(Int v) {
    return _mm256_cvtepi32_ps(v);
  }
  static VOXTRAL_TTS_INLINE Float madd(Float a, Float b, Float c) {
    return _mm256_fmadd_ps(a, b, c);
  }
  static VOXTRAL_TTS_INLINE Float load_float(const void* p) {
    return _mm256_loadu_ps(static_cast<const float*>(p));
  }
  static VOXTRAL_TTS_INLINE Float load_bf16(const void* p) {
    const __m128i halves = _mm_loadu_si128(static_cast<const __m128i*>(p));
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
  }
  static VOXTRAL_TTS_INLINE void store(float* p, Float v) {
    _mm256_storeu_ps(p, v);
  }
  // scale * (sum * unit - zero * column_sum)
  static VOXTRAL_TTS_INLINE Float
  finish(Float sum, float unit, Float column_sum, float zero, float scale) {
    const Float all = _mm256_mul_ps(sum, _mm256_set1_ps(unit));
    return _mm256_mul_ps(
        _mm256_fnmadd_ps(_mm256_set1_ps(zero), column_sum, all),
        _mm256_set1_ps(scale));
  }
};

} // namespace

MultiplyTile avx2_multiply_tile() {
  return multiply_any<Avx2>;
}

} // namespace voxtral_tts::operators
VOXTRAL_TTS_TARGET_END
#endif
