#include "operators/kernels.h"
#include "simd/target.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#if defined(__clang__)
VOXTRAL_TTS_TARGET("dotprod")
#else
VOXTRAL_TTS_TARGET("arch=armv8.2-a+dotprod")
#endif
#include "operators/linear/tile.h"

namespace voxtral_tts::operators {
namespace {

struct NeonDot {
  using Float = float32x4_t;
  using Int = int32x4_t;
  static constexpr int kLanes = 4;
  static constexpr int kRows = 3; // of 32 registers: 12 sums, 12 products
  static constexpr int vectors(int) {
    return 4;
  }
  static constexpr int half_sums(int) {
    return 1;
  }
  template <int kBits>
  static constexpr int narrow_loads() {
    return 0;
  }
  static constexpr float kHalfUnit = 1.0f / 16; // halves stay in the upper half
  static constexpr float kInputOffset = 128;    // both factors are signed

  static VOXTRAL_TTS_INLINE Float zero() {
    return vdupq_n_f32(0);
  }
  static VOXTRAL_TTS_INLINE Int zero_int() {
    return vdupq_n_s32(0);
  }
  static VOXTRAL_TTS_INLINE Int load(const uint8_t* p) {
    return vreinterpretq_s32_u8(vld1q_u8(p));
  }
  static VOXTRAL_TTS_INLINE Int low_halves(Int bytes) {
    return vreinterpretq_s32_u8(vshlq_n_u8(vreinterpretq_u8_s32(bytes), 4));
  }
  static VOXTRAL_TTS_INLINE Int high_halves(Int bytes) {
    return vreinterpretq_s32_u8(
        vandq_u8(vreinterpretq_u8_s32(bytes), vdupq_n_u8(0xf0)));
  }
  static VOXTRAL_TTS_INLINE Int broadcast(const uint8_t* p) {
    uint32_t four;
    __builtin_memcpy(&four, p, sizeof(four));
    return vreinterpretq_s32_u32(vdupq_n_u32(four ^ 0x80808080u));
  }
  template <int kBits>
  static VOXTRAL_TTS_INLINE Int dot(Int sum, Int x, Int w) {
    return vdotq_s32(sum, vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(w));
  }
  static VOXTRAL_TTS_INLINE Float to_float(Int v) {
    return vcvtq_f32_s32(v);
  }
  static VOXTRAL_TTS_INLINE Float madd(Float a, Float b, Float c) {
    return vfmaq_f32(c, a, b);
  }
  static VOXTRAL_TTS_INLINE Float load_float(const void* p) {
    return vld1q_f32(static_cast<const float*>(p));
  }
  static VOXTRAL_TTS_INLINE Float load_bf16(const void* p) {
    return vreinterpretq_f32_u32(
        vshll_n_u16(vld1_u16(static_cast<const uint16_t*>(p)), 16));
  }
  static VOXTRAL_TTS_INLINE void store(float* p, Float v) {
    vst1q_f32(p, v);
  }
  // scale * (sum * unit - zero * column_sum)
  static VOXTRAL_TTS_INLINE Float
  finish(Float sum, float unit, Float column_sum, float zero, float scale) {
    const Float all = vmulq_n_f32(sum, unit);
    return vmulq_n_f32(vfmsq_f32(all, vdupq_n_f32(zero), column_sum), scale);
  }
};

} // namespace

MultiplyTile neon_dot_multiply_tile() {
  return multiply_any<NeonDot>;
}

} // namespace voxtral_tts::operators
VOXTRAL_TTS_TARGET_END
#endif
