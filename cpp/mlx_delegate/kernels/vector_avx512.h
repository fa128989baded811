// Vectors of 16 lanes. Include it only from level_avx512*.cpp, after every
// other header but drive.h.
#pragma once

#include "kernels/vector.h"

namespace voxtral_tts::mlx_delegate {
namespace {

struct Avx512Vector : Portable<16> {
  static constexpr int kRegisters = 32;
  static VOXTRAL_TTS_INLINE Float madd(Float a, Float b, Float c) {
    return (Float)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
  }
  static VOXTRAL_TTS_INLINE float sum(Float v) {
    const __m256 halves = _mm256_add_ps(
        _mm512_castps512_ps256((__m512)v),
        _mm512_maskz_extractf32x8_ps(0xff, (__m512)v, 1));
    const __m128 quarters = _mm_add_ps(
        _mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1));
    const __m128 pairs =
        _mm_add_ps(quarters, _mm_movehl_ps(quarters, quarters));
    return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehdup_ps(pairs)));
  }
  static VOXTRAL_TTS_INLINE Float expand(const float* p, Index index) {
    return (Float)_mm512_permutexvar_ps((__m512i)index, _mm512_loadu_ps(p));
  }
  static VOXTRAL_TTS_INLINE Float load_f16(const void* p) {
    return (Float)_mm512_cvtph_ps(
        _mm256_loadu_si256(static_cast<const __m256i*>(p)));
  }
  static VOXTRAL_TTS_INLINE void store_f16(void* p, Float v) {
    _mm256_storeu_si256(
        static_cast<__m256i*>(p),
        _mm512_cvtps_ph((__m512)v, _MM_FROUND_TO_NEAREST_INT));
  }

  // A look-up by a lane's low four bits yields the float at once.
  template <int kBits>
  struct LookUp {
    LookUp() {
      float values[16];
      for (int i = 0; i < 16; ++i) {
        values[i] =
            static_cast<float>((i & ((1 << kBits) - 1)) - (1 << (kBits - 1)));
      }
      table = _mm512_loadu_ps(values);
    }
    static VOXTRAL_TTS_INLINE __m512i load(const uint32_t* p) {
      return _mm512_loadu_si512(p);
    }
    VOXTRAL_TTS_INLINE Float next(__m512i& words) const {
      words = _mm512_rol_epi32(words, kBits);
      return (Float)_mm512_permutexvar_ps(words, table);
    }
    __m512 table;
  };
  template <int kBits>
  struct Fields : LookUp<kBits> {};
};

template <>
struct Avx512Vector::Fields<8> : Portable<16>::Fields<8> {};

} // namespace
} // namespace voxtral_tts::mlx_delegate
