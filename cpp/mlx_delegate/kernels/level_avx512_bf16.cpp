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
VOXTRAL_TTS_TARGET(
    "avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")
#include "kernels/vector_avx512.h"
// After the vectors.
#include "kernels/drive.h"

namespace voxtral_tts::mlx_delegate {
namespace {

// Products of two bfloat16 are exact in float32, and a 4-bit field is exact in
// bfloat16. Against converting them first only subnormals are lost: VDPBF16PS
// reads them as zero and writes zero for them, whatever MXCSR says.
struct HalvesDot {
  using Vector = Avx512Vector;
  using X = uint16_t;
  static VOXTRAL_TTS_INLINE __m512i load_x(const X* p) {
    return _mm512_loadu_si512(p);
  }
  static VOXTRAL_TTS_INLINE Vector::Float madd(
      __m512i w, __m512i x, Vector::Float sums) {
    return (Vector::Float)_mm512_dpbf16_ps(
        (__m512)sums, (__m512bh)w, (__m512bh)x);
  }
};

struct Avx512Bf16 {
  using Vector = Avx512Vector;
  static constexpr bool kBfloat16Dot = true;

  struct DenseHalves : HalvesDot {
    static constexpr int kStep = 32;
    static constexpr int64_t kSize = 2;
    static VOXTRAL_TTS_INLINE __m512i load(const char* p) {
      return _mm512_loadu_si512(p);
    }
  };

  template <int kFieldBits>
  struct QuantizedHalves : HalvesDot {
    static constexpr int kBits = kFieldBits;
    static constexpr int kUnits = 32;
    static constexpr int kPer = 16 / kBits;
    static constexpr bool kTopFirst = false;

    // A look-up by the low five bits of 16: the table knows the field's own.
    struct Fields {
      Fields() {
        uint16_t values[32];
        for (int i = 0; i < 32; ++i) {
          put(static_cast<float>((i & ((1 << kBits) - 1)) - (1 << (kBits - 1))),
              values + i);
        }
        table = _mm512_loadu_si512(values);
      }
      static VOXTRAL_TTS_INLINE __m512i load(const uint32_t* p) {
        return _mm512_loadu_si512(p);
      }
      VOXTRAL_TTS_INLINE __m512i next(__m512i& words) const {
        const __m512i values = _mm512_permutexvar_epi16(words, table);
        words = _mm512_srli_epi16(words, kBits);
        return values;
      }
      __m512i table;
    };
  };
};

} // namespace

const Kernels* avx512_bf16_kernels() {
  return &kTable<Avx512Bf16>;
}

} // namespace voxtral_tts::mlx_delegate
VOXTRAL_TTS_TARGET_END
#else
namespace voxtral_tts::mlx_delegate {
const Kernels* avx512_bf16_kernels() {
  return nullptr;
}
} // namespace voxtral_tts::mlx_delegate
#endif
