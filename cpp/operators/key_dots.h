// Queries times keys and weights times values, for all types of a cache.
// Include it from attend_query.h only.
#pragma once

#include "operators/element.h"
#include "operators/simd.h"

namespace voxtral_tts::operators {
namespace {

template <class Stored>
VOXTRAL_TTS_ALWAYS_INLINE void prefetch_row(const Stored* row, int64_t size) {
  constexpr auto kPerLine = static_cast<int64_t>(64 / sizeof(Stored));
  for (int64_t i = 0; i < size; i += kPerLine) {
    __builtin_prefetch(row + i);
  }
}

// scores[i] = query . keys[i] for kKeys keys `stride` apart, which is kLanes or
// 1. Sixteen sums are folded together, in four rounds: one by one that would
// take longer than the products. A key's score does not depend on kKeys.
template <class Element, int kKeys>
VOXTRAL_TTS_ALWAYS_INLINE void dot_keys(
    const float* query,
    const typename Element::Stored* keys,
    int64_t stride,
    int64_t size,
    float* scores) {
  Float16Lanes sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kPair <= size; i += kPair) {
    const LanePair q = Element::part(query + i);
#pragma GCC unroll 16
    for (int key = 0; key < kKeys; ++key) {
      const LanePair k = Element::load(keys + key * stride + i);
      sums[key] += q.first * k.first;
      sums[key] += q.second * k.second;
    }
  }
#pragma GCC unroll 4
  for (int width = kLanes; width > 1; width /= 2) {
#pragma GCC unroll 8
    for (int key = 0; key < width / 2; ++key) {
      const auto a = sums[2 * key];
      const auto b = sums[2 * key + 1];
      sums[key] = even(a, b) + odd(a, b);
    }
  }
  std::memcpy(scores, &sums[0], kKeys * sizeof(float));
  for (; i < size; ++i) {
    for (int key = 0; key < kKeys; ++key) {
      scores[key] += query[i] * Element::load_one(keys + key * stride + i);
    }
  }
}

// out += weights[row] * values[row], for rows `stride` apart.
template <class Element>
VOXTRAL_TTS_ALWAYS_INLINE void add_values(
    const float* weights,
    const typename Element::Stored* values,
    int64_t rows,
    int64_t stride,
    int64_t size,
    float* out) {
  constexpr int kPairs = 4; // sums that do not wait for each other
  int64_t i = 0;
  for (; i + kPairs * kPair <= size; i += kPairs * kPair) {
    LanePair sums[kPairs];
#pragma GCC unroll 4
    for (int part = 0; part < kPairs; ++part) {
      sums[part] = Element::part(out + i + part * kPair);
    }
    for (int64_t row = 0; row < rows; ++row) {
      const auto* value = values + row * stride + i;
#pragma GCC unroll 4
      for (int part = 0; part < kPairs; ++part) {
        const LanePair v = Element::load(value + part * kPair);
        sums[part].first += weights[row] * v.first;
        sums[part].second += weights[row] * v.second;
      }
    }
#pragma GCC unroll 4
    for (int part = 0; part < kPairs; ++part) {
      Element::join(sums[part], out + i + part * kPair);
    }
  }
  for (; i < size; ++i) {
    for (int64_t row = 0; row < rows; ++row) {
      out[i] += weights[row] * Element::load_one(values + row * stride + i);
    }
  }
}

} // namespace
} // namespace voxtral_tts::operators
