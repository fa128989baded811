#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "operators/kernels.h"
#include "simd/target.h"

#if defined(__x86_64__)
VOXTRAL_TTS_TARGET("avx2,fma,f16c")
#include "operators/rows/row_kernels.h"

namespace voxtral_tts::operators {
namespace {

// 8 sums, 4 parts of keys and 2 of a query, of 16 registers.
struct Avx2 : PortableLevel<Lanes8, 8> {
  VOXTRAL_TTS_INLINE static Float widen(const uint16_t* p) {
    return (Float)_mm256_cvtph_ps(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  VOXTRAL_TTS_INLINE static Pair load_f16(const uint16_t* p) {
    return {widen(p), widen(p + kCount)};
  }
};

} // namespace

const RowKernels& avx2_row_kernels() {
  return kRowKernels<Avx2>;
}

} // namespace voxtral_tts::operators
VOXTRAL_TTS_TARGET_END
#endif
