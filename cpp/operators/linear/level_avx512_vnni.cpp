#include "operators/kernels.h"
#include "simd/target.h"

#if defined(__x86_64__)
VOXTRAL_TTS_TARGET("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
#include "operators/linear/tile.h"

namespace voxtral_tts::operators {
namespace {

struct Vnni {
  using Float = __m512;
  using Int = __m512i;
  static constexpr int kLanes = 16;
  // 12 sums, 12 products, 2 weights, 1 input, 1 mask: 28 of 32 registers.
  static constexpr int kRows = 6;
  static constexpr int vectors(int) {
    return 2;
  }
  static constexpr int half_sums(int rows) {
    return rows <= 2 ? 2 : 1; // few sums would wait for each other
  }
  template <int kBits>
  static constexpr int narrow_loads() {
    return 0;
  }
  // Halves of a byte stay in its upper half: 16 times their value.
  static constexpr float kHalfUnit = 1.0f / 16;
  static constexpr float kInputOffset = 0;

  static VOXTRAL_TTS_INLINE Float zero() {
    return _mm512_setzero_ps();
  }
  static VOXTRAL_TTS_INLINE Int zero_int() {
    return _mm512_setzero_si512();
  }
  static VOXTRAL_TTS_INLINE Int add(Int a, Int b) {
    return _mm512_add_epi32(a, b);
  }
  static VOXTRAL_TTS_INLINE Int load(const uint8_t* p) {
    return _mm512_loadu_si512(p);
  }
  static VOXTRAL_TTS_INLINE Int low_halves(Int bytes) {
    return high_halves(_mm512_slli_epi32(bytes, 4));
  }
  static VOXTRAL_TTS_INLINE Int high_halves(Int bytes) {
    return _mm512_and_si512(bytes, _mm512_set1_epi8(static_cast<char>(0xf0)));
  }
  static VOXTRAL_TTS_INLINE Int broadcast(const uint8_t* p) {
    int four;
    __builtin_memcpy(&four, p, sizeof(four));
    return _mm512_set1_epi32(four);
  }
  template <int kBits>
  static VOXTRAL_TTS_INLINE Int dot(Int sum, Int x, Int w) {
    return _mm512_dpbusd_epi32(sum, x, w);
  }
  static VOXTRAL_TTS_INLINE Float to_float(Int v) {
    return _mm512_cvtepi32_ps(v);
  }
  static VOXTRAL_TTS_INLINE Float madd(Float a, Float b, Float c) {
    return _mm512_fmadd_ps(a, b, c);
  }
  static VOXTRAL_TTS_INLINE Float load_float(const void* p) {
    return _mm512_loadu_ps(p);
  }
  static VOXTRAL_TTS_INLINE Float load_bf16(const void* p) {
    const __m256i halves = _mm256_loadu_si256(static_cast<const __m256i*>(p));
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
  }
  static VOXTRAL_TTS_INLINE void store(float* p, Float v) {
    _mm512_storeu_ps(p, v);
  }
  // scale * (sum * unit - zero * column_sum)
  static VOXTRAL_TTS_INLINE Float
  finish(Float sum, float unit, Float column_sum, float zero, float scale) {
    const Float all = _mm512_mul_ps(sum, _mm512_set1_ps(unit));
    return _mm512_mul_ps(
        _mm512_fnmadd_ps(_mm512_set1_ps(zero), column_sum, all),
        _mm512_set1_ps(scale));
  }
};

} // namespace

MultiplyTile avx512_vnni_multiply_tile() {
  return multiply_any<Vnni>;
}

} // namespace voxtral_tts::operators
VOXTRAL_TTS_TARGET_END
#endif
