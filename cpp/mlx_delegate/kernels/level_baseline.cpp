// 128-bit vectors of whatever the compiler's target has (NEON on aarch64).
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>

#include "kernels/levels.h"
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "kernels/drive.h"

namespace voxtral_tts::mlx_delegate {
namespace {

#if defined(__aarch64__)
struct Neon : Portable<4> {
  static constexpr int kRegisters = 32;
  static VOXTRAL_TTS_INLINE Float madd(Float a, Float b, Float c) {
    return (Float)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
  }
  static VOXTRAL_TTS_INLINE float sum(Float v) {
    return vaddvq_f32((float32x4_t)v);
  }
};
using BaselineVector = Neon;
#else
using BaselineVector = Portable<4>;
#endif

struct Baseline {
  using Vector = BaselineVector;
  static constexpr bool kBfloat16Dot = false;
};

} // namespace

const Kernels* baseline_kernels() {
  return &kTable<Baseline>;
}

} // namespace voxtral_tts::mlx_delegate
