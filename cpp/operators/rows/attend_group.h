// The queries of one row that share a key head against their keys, written once
// for all levels, element types and both shapes of a cache. Include it from
// row_kernels.h only.
#pragma once

#include <cmath>

#include "operators/kernels.h"
#include "operators/rows/element.h"
#include "operators/rows/key_products.h"
#include "operators/rows/running_softmax.h"

namespace voxtral_tts::operators {
namespace {

VOXTRAL_TTS_INLINE int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

// Rows [begin, end) of one stretch of memory.
template <class L, class Element, int kHeads>
VOXTRAL_TTS_INLINE void attend_stretch(
    const HeadGroup& group,
    const typename Element::Stored* keys,
    const typename Element::Stored* values,
    int64_t begin,
    int64_t end,
    int64_t stride,
    RunningSoftmax<kHeads>& softmax) {
  using Softmax = RunningSoftmax<kHeads>;
  constexpr int kKeys = L::kSums / kHeads;
  const int64_t size = group.head_dim;
  const float scale = 1.0f / std::sqrt(static_cast<float>(size));
  alignas(64) float scores[Softmax::kBlock * kHeads];
  for (int64_t row = begin; row < end; row += Softmax::kBlock) {
    const int64_t rows = smaller(Softmax::kBlock, end - row);
    const auto* block = keys + (row - begin) * stride;
    const auto* block_values = values + (row - begin) * stride;
    // Rows of one head lie far apart: the CPU would see each too late.
    const int64_t following = smaller(Softmax::kBlock, end - row - rows);
    for (int64_t ahead = rows; ahead < rows + following; ++ahead) {
      prefetch_row(block + ahead * stride, size);
      prefetch_row(block_values + ahead * stride, size);
    }
    int64_t i = 0;
    for (; i + kKeys <= rows; i += kKeys) {
      dot_keys<L, Element, kKeys, kHeads>(
          group.queries, block + i * stride, stride, size, scores + i * kHeads);
    }
    for (; i < rows; ++i) {
      dot_keys<L, Element, 1, kHeads>(
          group.queries, block + i * stride, stride, size, scores + i * kHeads);
    }
    for (i = 0; i < rows; ++i) {
      const auto distance = static_cast<float>(row + i - group.row);
      for (int head = 0; head < kHeads; ++head) {
        const float slope = group.slopes != nullptr ? group.slopes[head] : 0.0f;
        float& score = scores[i * kHeads + head];
        score = score * scale + slope * distance;
      }
    }
    softmax.add(scores, rows, group.out, size);
    add_values<L, Element, kHeads>(
        scores, block_values, rows, stride, size, group.out);
  }
}

template <class L, class Element, int kHeads>
void attend_heads(const KeySource& source, const HeadGroup& group) {
  using Stored = typename Element::Stored;
  const int64_t stride = source.row_stride;
  const int64_t size = kHeads * group.head_dim;
  RunningSoftmax<kHeads> softmax;
  for (int64_t i = 0; i < size; ++i) {
    group.out[i] = 0.0f;
  }
  // The cached rows lie in one stretch, or in two where the ring closes.
  for (int64_t row = group.begin; row < smaller(group.end, source.split);) {
    const int64_t slot = row % source.capacity;
    const int64_t stop =
        smaller(smaller(group.end, source.split), row + source.capacity - slot);
    attend_stretch<L, Element, kHeads>(
        group,
        static_cast<const Stored*>(source.cached_keys) + slot * stride,
        static_cast<const Stored*>(source.cached_values) + slot * stride,
        row,
        stop,
        stride,
        softmax);
    row = stop;
  }
  const int64_t first_new =
      group.begin > source.split ? group.begin : source.split;
  if (first_new < group.end) {
    const int64_t offset = (first_new - source.split) * stride;
    attend_stretch<L, Float32Lanes<L>, kHeads>(
        group,
        source.new_keys + offset,
        source.new_values + offset,
        first_new,
        group.end,
        stride,
        softmax);
  }
  for (int head = 0; head < kHeads; ++head) {
    const float inverse = 1.0f / softmax.total[head] + softmax.poison[head];
    for (int64_t i = 0; i < group.head_dim; ++i) {
      group.out[head * group.head_dim + i] *= inverse;
    }
  }
}

// Heads four at a time, the rest one by one.
template <class L, class Element>
VOXTRAL_TTS_INLINE void attend_all_heads(
    const KeySource& source, HeadGroup group) {
  while (group.heads > 0) {
    int64_t done = 1;
    if (group.heads >= 4) {
      attend_heads<L, Element, 4>(source, group);
      done = 4;
    } else {
      attend_heads<L, Element, 1>(source, group);
    }
    group.heads -= done;
    group.queries += done * group.head_dim;
    group.out += done * group.head_dim;
    group.slopes = group.slopes != nullptr ? group.slopes + done : nullptr;
  }
}

template <class L>
void attend_group(const KeySource& source, const HeadGroup& group) {
  switch (source.type) {
    case KvType::kFloat32:
      attend_all_heads<L, Float32Lanes<L>>(source, group);
      break;
    case KvType::kBfloat16:
      attend_all_heads<L, Bfloat16Lanes<L>>(source, group);
      break;
    case KvType::kFloat16:
      attend_all_heads<L, Float16Lanes<L>>(source, group);
      break;
  }
}

} // namespace
} // namespace voxtral_tts::operators
