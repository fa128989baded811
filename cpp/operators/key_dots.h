// Queries times keys and weights times values, for all types of a cache.
// Include it from attend_query.h only.
#pragma once

#include "operators/element.h"
#include "operators/exp.h"
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

// Neighbouring lanes added up: a's first, then b's.
VOXTRAL_TTS_ALWAYS_INLINE Float16Lanes
add_neighbours(Float16Lanes a, Float16Lanes b) {
  // clang-format off
  return __builtin_shufflevector(
             a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) +
         __builtin_shufflevector(
             a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  // clang-format on
}

// scores[i] = query . keys[i] for kLanes keys `stride` apart. The sixteen sums
// are folded together, in four rounds: one by one that would take longer than
// the products.
template <class Element>
VOXTRAL_TTS_ALWAYS_INLINE void dot_keys(
    const float* query,
    const typename Element::Stored* keys,
    int64_t stride,
    int64_t size,
    float* scores) {
  Float16Lanes sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    const auto part = load_lanes<Float16Lanes>(query + i);
    for (int key = 0; key < kLanes; ++key) {
      sums[key] += part * Element::load(keys + key * stride + i);
    }
  }
  for (int width = kLanes; width > 1; width /= 2) {
    for (int key = 0; key < width / 2; ++key) {
      sums[key] = add_neighbours(sums[2 * key], sums[2 * key + 1]);
    }
  }
  std::memcpy(scores, &sums[0], sizeof(sums[0]));
  for (; i < size; ++i) {
    for (int key = 0; key < kLanes; ++key) {
      scores[key] += query[i] * Element::load_one(keys + key * stride + i);
    }
  }
}

// The same for the rows that are left over; each sum in the order of dot_keys.
template <class Element>
VOXTRAL_TTS_ALWAYS_INLINE float dot_key(
    const float* query, const typename Element::Stored* key, int64_t size) {
  Float16Lanes sums = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    sums += load_lanes<Float16Lanes>(query + i) * Element::load(key + i);
  }
  float lanes[kLanes];
  std::memcpy(lanes, &sums, sizeof(lanes));
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; ++lane) {
      lanes[lane] = lanes[2 * lane] + lanes[2 * lane + 1];
    }
  }
  float total = lanes[0];
  for (; i < size; ++i) {
    total += query[i] * Element::load_one(key + i);
  }
  return total;
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
  int64_t i = 0;
  for (; i + 4 * kLanes <= size; i += 4 * kLanes) {
    Float16Lanes sums[4];
    std::memcpy(sums, out + i, sizeof(sums));
    for (int64_t row = 0; row < rows; ++row) {
      const auto* value = values + row * stride + i;
      for (int part = 0; part < 4; ++part) {
        sums[part] += weights[row] * Element::load(value + part * kLanes);
      }
    }
    std::memcpy(out + i, sums, sizeof(sums));
  }
  for (; i < size; ++i) {
    for (int64_t row = 0; row < rows; ++row) {
      out[i] += weights[row] * Element::load_one(values + row * stride + i);
    }
  }
}

} // namespace
} // namespace voxtral_tts::operators
