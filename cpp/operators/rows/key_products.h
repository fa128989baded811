// Products of some queries and some rows of keys, and of weights and values,
// written once for all levels. Include it from attend_group.h only.
#pragma once

#include <cstring>

#include "operators/kernels.h"
#include "operators/rows/element.h"

namespace voxtral_tts::operators {
namespace {

template <class Stored>
VOXTRAL_TTS_INLINE void prefetch_row(const Stored* row, int64_t size) {
  constexpr auto kPerLine = static_cast<int64_t>(64 / sizeof(Stored));
  for (int64_t i = 0; i < size; i += kPerLine) {
    __builtin_prefetch(row + i);
  }
}

// scores[key, head] = queries[head] . keys[key] for kKeys keys `stride` apart,
// each of which is read and widened once. A score depends on neither number.
template <class L, class Element, int kKeys, int kHeads>
VOXTRAL_TTS_INLINE void dot_keys(
    const float* queries,
    const typename Element::Stored* keys,
    int64_t stride,
    int64_t size,
    float* scores) {
  using Float = typename L::Float;
  constexpr int kCount = L::kCount;
  constexpr int kSums = kKeys * kHeads;
  Float sums[(kSums + kCount - 1) / kCount * kCount] = {};
  int64_t i = 0;
  for (; i + 2 * kCount <= size; i += 2 * kCount) {
    LanePair<Float> k[kKeys];
#pragma GCC unroll 16
    for (int key = 0; key < kKeys; ++key) {
      k[key] = Element::load(keys + key * stride + i);
    }
#pragma GCC unroll 16
    for (int head = 0; head < kHeads; ++head) {
      const auto q = Element::part(queries + head * size + i);
#pragma GCC unroll 16
      for (int key = 0; key < kKeys; ++key) {
        Float& sum = sums[key * kHeads + head];
        sum += q.first * k[key].first;
        sum += q.second * k[key].second;
      }
    }
  }
  float folded[sizeof(sums) / sizeof(Float)];
  for (int sum = 0; sum < kSums; sum += kCount) {
    const Float part = L::fold(sums + sum);
    std::memcpy(folded + sum, &part, sizeof(part));
  }
  std::memcpy(scores, folded, kSums * sizeof(float));
  for (; i < size; ++i) {
    for (int key = 0; key < kKeys; ++key) {
      const float k = Element::load_one(keys + key * stride + i);
      for (int head = 0; head < kHeads; ++head) {
        scores[key * kHeads + head] += queries[head * size + i] * k;
      }
    }
  }
}

// out[head] += weights[row, head] * values[row] for rows `stride` apart, at
// kPairs pairs of vectors from `values` on.
template <class L, class Element, int kHeads, int kPairs>
VOXTRAL_TTS_INLINE void add_value_pairs(
    const float* weights,
    const typename Element::Stored* values,
    int64_t rows,
    int64_t stride,
    int64_t size,
    float* out) {
  constexpr int kPair = 2 * L::kCount;
  LanePair<typename L::Float> sums[kHeads][kPairs];
  for (int head = 0; head < kHeads; ++head) {
#pragma GCC unroll 4
    for (int pair = 0; pair < kPairs; ++pair) {
      sums[head][pair] = Element::part(out + head * size + pair * kPair);
    }
  }
  for (int64_t row = 0; row < rows; ++row) {
    const auto* value = values + row * stride;
#pragma GCC unroll 4
    for (int pair = 0; pair < kPairs; ++pair) {
      const auto v = Element::load(value + pair * kPair);
#pragma GCC unroll 4
      for (int head = 0; head < kHeads; ++head) {
        sums[head][pair].first += weights[row * kHeads + head] * v.first;
        sums[head][pair].second += weights[row * kHeads + head] * v.second;
      }
    }
  }
  for (int head = 0; head < kHeads; ++head) {
#pragma GCC unroll 4
    for (int pair = 0; pair < kPairs; ++pair) {
      Element::join(sums[head][pair], out + head * size + pair * kPair);
    }
  }
}

template <class L, class Element, int kHeads>
VOXTRAL_TTS_INLINE void add_values(
    const float* weights,
    const typename Element::Stored* values,
    int64_t rows,
    int64_t stride,
    int64_t size,
    float* out) {
  constexpr int kPair = 2 * L::kCount;
  constexpr int kFit = L::kSums / (2 * kHeads); // sums that do not wait
  constexpr int kPairs = kFit > 4 ? 4 : kFit;
  int64_t i = 0;
  for (; i + kPairs * kPair <= size; i += kPairs * kPair) {
    add_value_pairs<L, Element, kHeads, kPairs>(
        weights, values + i, rows, stride, size, out + i);
  }
  for (; i + kPair <= size; i += kPair) {
    add_value_pairs<L, Element, kHeads, 1>(
        weights, values + i, rows, stride, size, out + i);
  }
  for (; i < size; ++i) {
    for (int64_t row = 0; row < rows; ++row) {
      const float v = Element::load_one(values + row * stride + i);
      for (int head = 0; head < kHeads; ++head) {
        out[head * size + i] += weights[row * kHeads + head] * v;
      }
    }
  }
}

} // namespace
} // namespace voxtral_tts::operators
