// Vectors of W float32 lanes in the compilers' portable notation, compiled for
// whatever instruction set is in force where this is included: include it only
// from level_*.cpp, after every other header.
#pragma once

#include <cstdint>

#include "simd/inline.h"

namespace voxtral_tts::mlx_delegate {
namespace {

template <int W>
struct Vectors {
  typedef float Float __attribute__((vector_size(W * 4)));
  typedef int32_t Int __attribute__((vector_size(W * 4)));
  typedef uint32_t Words __attribute__((vector_size(W * 4)));
  typedef uint16_t Halves __attribute__((vector_size(W * 2)));
};

// The operations a level may do better replace these in a derived struct.
template <int W>
struct Portable {
  static constexpr int kLanes = W;
  static constexpr int kRegisters = 16;
  using Float = typename Vectors<W>::Float;
  using Int = typename Vectors<W>::Int;
  using Words = typename Vectors<W>::Words;
  using Halves = typename Vectors<W>::Halves;
  using Index = Int;

  static VOXTRAL_TTS_INLINE Float zero() {
    return Float{};
  }
  static VOXTRAL_TTS_INLINE Float load(const float* p) {
    Float v;
    __builtin_memcpy(&v, p, sizeof(v));
    return v;
  }
  static VOXTRAL_TTS_INLINE void store(float* p, Float v) {
    __builtin_memcpy(p, &v, sizeof(v));
  }
  static VOXTRAL_TTS_INLINE Words load_words(const uint32_t* p) {
    Words v;
    __builtin_memcpy(&v, p, sizeof(v));
    return v;
  }
  // One rounding where the target has such an instruction.
  static VOXTRAL_TTS_INLINE Float madd(Float a, Float b, Float c) {
    return a * b + c;
  }
  static VOXTRAL_TTS_INLINE float sum(Float v) {
    float lanes[W];
    __builtin_memcpy(lanes, &v, sizeof(v));
    for (int width = W / 2; width > 0; width /= 2) {
      for (int i = 0; i < width; ++i) {
        lanes[i] += lanes[i + width];
      }
    }
    return lanes[0];
  }
  // out[i] = p[index[i]], where every index is below W.
  static VOXTRAL_TTS_INLINE Float expand(const float* p, Index index) {
    Float v{};
    for (int i = 0; i < W; ++i) {
      v[i] = p[index[i]];
    }
    return v;
  }

  static VOXTRAL_TTS_INLINE Float load_bf16(const void* p) {
    Halves v;
    __builtin_memcpy(&v, p, sizeof(v));
    return (Float)(__builtin_convertvector(v, Words) << 16);
  }
  static VOXTRAL_TTS_INLINE void store_bf16(void* p, Float v) {
    const Words bits = (Words)v;
    const Words rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    // Rounding could carry a NaN's last bits away: keep it, made quiet.
    const Words nan = (Words)(v != v);
    const Words result = (nan & ((bits >> 16) | 0x40)) | (~nan & rounded);
    const Halves halves = __builtin_convertvector(result, Halves);
    __builtin_memcpy(p, &halves, sizeof(halves));
  }
  static VOXTRAL_TTS_INLINE Float load_f16(const void* p) {
    Halves v;
    __builtin_memcpy(&v, p, sizeof(v));
    const Words bits = __builtin_convertvector(v, Words);
    const Words magnitude = bits & 0x7fff;
    // Moved into place, the exponent's bias is 112 too small; a subnormal
    // counts units of 2^-24; infinity and NaN keep the largest exponent.
    const Words normal = (magnitude << 13) + (112u << 23);
    const Float small =
        __builtin_convertvector((Int)magnitude, Float) * 0x1p-24f;
    const Words is_small = (Words)(magnitude < 0x400);
    const Words is_special = (Words)(magnitude >= 0x7c00);
    const Words value = (is_small & (Words)small) | (~is_small & normal) |
                        (is_special & (0xffu << 23));
    return (Float)(value | ((bits & 0x8000) << 16));
  }
  static VOXTRAL_TTS_INLINE void store_f16(void* p, Float v) {
    const Words bits = (Words)v;
    const Words magnitude = bits & 0x7fffffff;
    const Words rounded =
        (magnitude + 0xfff + ((magnitude >> 13) & 1) - (112u << 23)) >> 13;
    // Adding 0.5 leaves units of 2^-24, rounded, in a subnormal's low bits.
    const Words small = (Words)((Float)magnitude + 0.5f) - (126u << 23);
    const Words is_small = (Words)(magnitude < (113u << 23));
    const Words is_huge = (Words)(magnitude >= 0x477ff000u);
    const Words is_nan = (Words)(magnitude > (0xffu << 23));
    const Words value = (is_small & small) | (~is_small & ~is_huge & rounded) |
                        (is_huge & 0x7c00) | (is_nan & 0x200);
    const Words result = value | ((bits >> 16) & 0x8000);
    const Halves halves = __builtin_convertvector(result, Halves);
    __builtin_memcpy(p, &halves, sizeof(halves));
  }

  // Takes the top field off every word: the value less 2^(bits - 1), so that
  // the usual symmetric weights are left with no bias to subtract.
  template <int kBits>
  struct Fields {
    static VOXTRAL_TTS_INLINE Words load(const uint32_t* p) {
      const uint32_t centre = kBits == 2   ? 0xaaaaaaaau
                              : kBits == 4 ? 0x88888888u
                                           : 0x80808080u;
      return load_words(p) ^ centre; // fields become two's complement
    }
    VOXTRAL_TTS_INLINE Float next(Words& words) const {
      const Int field = (Int)words >> (32 - kBits);
      words = words << kBits;
      return __builtin_convertvector(field, Float);
    }
  };
};

} // namespace
} // namespace voxtral_tts::mlx_delegate
