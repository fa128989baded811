// What the products' loops share, for any level. Include it only from
// level_*.cpp, after every other header: what is defined here may use the
// level's instructions, so all of it is local to that file.
//
// Vector lanes run along the depth, for a tile of a few rows of x by a few
// columns: a row of weights is used where it is read, as it is stored.
#pragma once

#include <cstddef>

#include "kernels/levels.h"
#include "kernels/vector.h"

namespace voxtral_tts::mlx_delegate {
namespace {

inline constexpr int kTileRows = 6;
inline constexpr int kMaxTileColumns = 4;
// How far ahead weights are fetched into the cache (measured on a Zen 4).
inline constexpr int kPrefetchBytes = 2048;

constexpr int64_t round_up(int64_t value, int64_t step) {
  return (value + step - 1) / step * step;
}

constexpr int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

// How many columns a tile takes. A quarter of the registers is left for
// operands; with few rows memory is the limit, and a single stream of weights
// is read fastest.
template <class V>
constexpr int tile_columns(int rows, int accumulators_each) {
  const int fit = V::kRegisters * 3 / 4 / (rows * accumulators_each);
  const int most = rows < kMaxTileColumns ? rows : kMaxTileColumns;
  return fit < 1 ? 1 : fit > most ? most : fit;
}

template <class V, Element kType>
VOXTRAL_TTS_INLINE typename V::Float load_as(const char* p) {
  if constexpr (kType == Element::kFloat32) {
    return V::load(reinterpret_cast<const float*>(p));
  } else if constexpr (kType == Element::kFloat16) {
    return V::load_f16(p);
  } else {
    return V::load_bf16(p);
  }
}

template <class V, Element kType>
void to_floats_as(const char* p, float* out, int64_t count) {
  constexpr int64_t kSize = element_size(kType);
  int64_t i = 0;
  for (; i + V::kLanes <= count; i += V::kLanes) {
    V::store(out + i, load_as<V, kType>(p + i * kSize));
  }
  if (i < count) {
    char rest[V::kLanes * kSize] = {};
    __builtin_memcpy(
        rest, p + i * kSize, static_cast<size_t>((count - i) * kSize));
    float lanes[V::kLanes];
    V::store(lanes, load_as<V, kType>(rest));
    __builtin_memcpy(
        out + i, lanes, static_cast<size_t>(count - i) * sizeof(float));
  }
}

// The first `valid` lanes; the others are zero.
template <class V>
VOXTRAL_TTS_INLINE typename V::Float load_some(
    Element type, const char* p, int64_t valid) {
  char rest[V::kLanes * sizeof(float)] = {};
  if (valid < V::kLanes) {
    __builtin_memcpy(rest, p, static_cast<size_t>(valid * element_size(type)));
    p = rest;
  }
  switch (type) {
    case Element::kFloat32:
      return load_as<V, Element::kFloat32>(p);
    case Element::kFloat16:
      return load_as<V, Element::kFloat16>(p);
    default:
      return load_as<V, Element::kBfloat16>(p);
  }
}

template <class V>
void to_floats(Element type, const void* p, float* out, int64_t count) {
  const char* bytes = static_cast<const char*>(p);
  switch (type) {
    case Element::kFloat32:
      return to_floats_as<V, Element::kFloat32>(bytes, out, count);
    case Element::kFloat16:
      return to_floats_as<V, Element::kFloat16>(bytes, out, count);
    case Element::kBfloat16:
      return to_floats_as<V, Element::kBfloat16>(bytes, out, count);
  }
}

// `x` is readable up to a multiple of the vector's width.
template <class V>
void from_floats(Element type, const float* x, char* out, int64_t count) {
  const int64_t size = element_size(type);
  for (int64_t i = 0; i < count; i += V::kLanes) {
    char lanes[V::kLanes * sizeof(float)];
    const typename V::Float v = V::load(x + i);
    switch (type) {
      case Element::kFloat32:
        V::store(reinterpret_cast<float*>(lanes), v);
        break;
      case Element::kFloat16:
        V::store_f16(lanes, v);
        break;
      case Element::kBfloat16:
        V::store_bf16(lanes, v);
        break;
    }
    const int64_t valid = smaller(count - i, V::kLanes);
    __builtin_memcpy(out + i * size, lanes, static_cast<size_t>(valid * size));
  }
}
VOXTRAL_TTS_INLINE void put(float value, float* out) {
  *out = value;
}
// Exact: the value was a bfloat16.
VOXTRAL_TTS_INLINE void put(float value, uint16_t* out) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof(bits));
  *out = static_cast<uint16_t>(bits >> 16);
}

} // namespace
} // namespace voxtral_tts::mlx_delegate
