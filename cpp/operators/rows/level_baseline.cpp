// What every target of the compiler has: SSE2 on x86-64, NEON on aarch64.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "operators/kernels.h"
#include "operators/rows/row_kernels.h"

namespace voxtral_tts::operators {
namespace {

#if defined(__aarch64__)
// 16 sums, 4 keys and 2 parts of a query, of 32 registers.
struct Baseline : PortableLevel<Lanes4, 16> {
  VOXTRAL_TTS_INLINE static Pair load_f16(const uint16_t* p) {
    const auto halves = vreinterpretq_f16_u16(vld1q_u16(p));
    return {
        (Float)vcvt_f32_f16(vget_low_f16(halves)),
        (Float)vcvt_high_f32_f16(halves)};
  }
};
#else
// 8 sums, 4 parts of keys and 2 of a query, of 16 registers.
using Baseline = PortableLevel<Lanes4, 8>;
#endif

} // namespace

const RowKernels& baseline_row_kernels() {
  return kRowKernels<Baseline>;
}

} // namespace voxtral_tts::operators
