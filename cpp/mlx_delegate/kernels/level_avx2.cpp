#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>

#include "kernels/levels.h"
#include "simd/target.h"

#if defined(__x86_64__)
VOXTRAL_TTS_TARGET("avx2,fma,f16c")
#include "kernels/drive.h"

namespace voxtral_tts::mlx_delegate {
namespace {

struct Avx2Vector : Portable<8> {
  static VOXTRAL_TTS_INLINE Float madd(Float a, Float b, Float c) {
    return (Float)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
  }
  static VOXTRAL_TTS_INLINE Float expand(const float* p, Index index) {
    return (Float)_mm256_permutevar8x32_ps(_mm256_loadu_ps(p), (__m256i)index);
  }
  static VOXTRAL_TTS_INLINE Float load_f16(const void* p) {
    return (Float)_mm256_cvtph_ps(
        _mm_loadu_si128(static_cast<const __m128i*>(p)));
  }
  static VOXTRAL_TTS_INLINE void store_f16(void* p, Float v) {
    _mm_storeu_si128(
        static_cast<__m128i*>(p),
        _mm256_cvtps_ph((__m256)v, _MM_FROUND_TO_NEAREST_INT));
  }
};

struct Avx2 {
  using Vector = Avx2Vector;
  static constexpr bool kBfloat16Dot = false;
};

} // namespace

const Kernels* avx2_kernels() {
  return &kTable<Avx2>;
}

} // namespace voxtral_tts::mlx_delegate
VOXTRAL_TTS_TARGET_END
#else
namespace voxtral_tts::mlx_delegate {
const Kernels* avx2_kernels() {
  return nullptr;
}
} // namespace voxtral_tts::mlx_delegate
#endif
