// One query against its keys, written once for all element types and both
// shapes of a cache. Include it from attend.cpp only.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "operators/element.h"
#include "operators/simd.h"

namespace voxtral_tts::operators {
namespace {

#define VOXTRAL_TTS_ALWAYS_INLINE __attribute__((always_inline)) inline

// Where the keys and values of one head come from: rows before `split` from the
// cache (a ring), later ones from new rows.
template <class Element>
struct KeySource {
  using Stored = typename Element::Stored;
  const Stored* cached_keys;
  const Stored* cached_values;
  int64_t capacity;
  const float* new_keys;
  const float* new_values;
  int64_t split;      // absolute row of new_keys[0]
  int64_t row_stride; // elements between rows: Hkv * D
};

template <class Element>
VOXTRAL_TTS_ALWAYS_INLINE float dot_with(
    const float* query, const typename Element::Stored* key, int64_t size) {
  Float16Lanes sums = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    sums += load_lanes<Float16Lanes>(query + i) * Element::load(key + i);
  }
  float total = 0;
  for (; i < size; ++i) {
    total += query[i] * Element::load_one(key + i);
  }
  // Halving: one sum after the other would take sixteen times as long.
  float lanes[kLanes];
  std::memcpy(lanes, &sums, sizeof(lanes));
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; ++lane) {
      lanes[lane] += lanes[lane + width];
    }
  }
  return total + lanes[0];
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

// e^x for x <= 0, within 2e-7 of it: 2^n times a polynomial, which the compiler
// turns into vector code. (Coefficients: Taylor's, on half an octave each way.)
VOXTRAL_TTS_ALWAYS_INLINE float exp_negative(float x) {
  constexpr float kRound = 12582912.0f; // 1.5 * 2^23
  const float clamped = x < -87.0f ? -87.0f : x;
  const float n = (clamped * 1.44269504f + kRound) - kRound;
  const float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const auto power = static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23;
  return x < -87.0f ? 0.0f : p * std::bit_cast<float>(power);
}

// The softmax so far, over blocks of keys: what was summed is rescaled when a
// block has a larger score.
struct RunningSoftmax {
  static constexpr int64_t kBlock = 32;

  float maximum = -std::numeric_limits<float>::infinity();
  float total = 0;
  float poison = 0; // NaN once a score was not finite

  // Scores of a block to weights; scales `out` [size] to the new maximum.
  VOXTRAL_TTS_ALWAYS_INLINE void add(
      float* scores, int64_t rows, float* out, int64_t size) {
    float largest = maximum;
    for (int64_t row = 0; row < rows; ++row) {
      poison += scores[row] * 0.0f;
      largest = scores[row] > largest ? scores[row] : largest;
    }
    if (largest > maximum) {
      const float shrink =
          total > 0.0f ? exp_negative(maximum - largest) : 0.0f;
      total *= shrink;
      for (int64_t i = 0; i < size; ++i) {
        out[i] *= shrink;
      }
      maximum = largest;
    }
    for (int64_t row = 0; row < rows; ++row) {
      scores[row] = exp_negative(scores[row] - maximum);
    }
    for (int64_t row = 0; row < rows; ++row) {
      total += scores[row];
    }
  }
};

// One query head against rows [begin, end) of one stretch of memory.
template <class Element>
VOXTRAL_TTS_ALWAYS_INLINE void attend_stretch(
    const float* query,
    const typename Element::Stored* keys,
    const typename Element::Stored* values,
    int64_t begin,
    int64_t end,
    int64_t stride,
    int64_t head_dim,
    float slope,
    int64_t query_row,
    RunningSoftmax& softmax,
    float* out) {
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  float scores[RunningSoftmax::kBlock];
  for (int64_t row = begin; row < end; row += RunningSoftmax::kBlock) {
    const int64_t rows = std::min(RunningSoftmax::kBlock, end - row);
    for (int64_t i = 0; i < rows; ++i) {
      const auto* key = keys + (row - begin + i) * stride;
      scores[i] = dot_with<Element>(query, key, head_dim) * scale +
                  slope * static_cast<float>(row + i - query_row);
    }
    softmax.add(scores, rows, out, head_dim);
    add_values<Element>(
        scores, values + (row - begin) * stride, rows, stride, head_dim, out);
  }
}

// One query head against rows [begin, end) of `source`.
template <class Element>
VOXTRAL_TTS_ALWAYS_INLINE void attend_one(
    const float* query,
    const KeySource<Element>& source,
    int64_t begin,
    int64_t end,
    int64_t head_dim,
    float slope,
    int64_t query_row,
    float* out) {
  RunningSoftmax softmax;
  std::fill_n(out, head_dim, 0.0f);
  const int64_t stride = source.row_stride;
  // The cached rows lie in one stretch, or in two where the ring closes.
  for (int64_t row = begin; row < std::min(end, source.split);) {
    const int64_t slot = row % source.capacity;
    const int64_t stop =
        std::min({end, source.split, row + source.capacity - slot});
    attend_stretch<Element>(
        query,
        source.cached_keys + slot * stride,
        source.cached_values + slot * stride,
        row,
        stop,
        stride,
        head_dim,
        slope,
        query_row,
        softmax,
        out);
    row = stop;
  }
  const int64_t first_new = std::max(begin, source.split);
  if (first_new < end) {
    const int64_t offset = (first_new - source.split) * stride;
    attend_stretch<Float32Element>(
        query,
        source.new_keys + offset,
        source.new_values + offset,
        first_new,
        end,
        stride,
        head_dim,
        slope,
        query_row,
        softmax,
        out);
  }
  const float inverse = 1.0f / softmax.total + softmax.poison;
  for (int64_t i = 0; i < head_dim; ++i) {
    out[i] *= inverse;
  }
}

} // namespace
} // namespace voxtral_tts::operators
