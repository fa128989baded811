// One query against its keys, written once for all element types and both
// shapes of a cache. Include it from attend.cpp only.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "operators/key_dots.h"
#include "operators/running_softmax.h"
#include "operators/simd.h"

namespace voxtral_tts::operators {
namespace {

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
    const auto* block = keys + (row - begin) * stride;
    // Rows of one head lie far apart: the CPU would see each too late.
    const int64_t following =
        std::min(RunningSoftmax::kBlock, end - row - rows);
    for (int64_t ahead = 0; ahead < following; ++ahead) {
      const int64_t offset = (rows + ahead) * stride;
      prefetch_row(block + offset, head_dim);
      prefetch_row(values + (row - begin) * stride + offset, head_dim);
    }
    int64_t i = 0;
    for (; i + kLanes <= rows; i += kLanes) {
      dot_keys<Element, kLanes>(
          query, block + i * stride, stride, head_dim, scores + i);
    }
    for (; i < rows; ++i) {
      dot_keys<Element, 1>(
          query, block + i * stride, stride, head_dim, scores + i);
    }
    for (i = 0; i < rows; ++i) {
      scores[i] =
          scores[i] * scale + slope * static_cast<float>(row + i - query_row);
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
