// A softmax over keys that come block by block. Include it from attend_group.h
// only.
#pragma once

#include <cstdint>
#include <limits>

#include "operators/rows/exp.h"
#include "operators/rows/lanes.h"

namespace voxtral_tts::operators {
namespace {

// The softmaxes so far of kHeads heads, over blocks of keys: what was summed is
// rescaled when a block has a larger score.
template <int kHeads>
struct RunningSoftmax {
  static constexpr int64_t kBlock = 32;

  float maximum[kHeads];
  float total[kHeads] = {};
  float poison[kHeads] = {}; // NaN once a score was not finite

  RunningSoftmax() {
    for (float& value : maximum) {
      value = -std::numeric_limits<float>::infinity();
    }
  }

  // Scores [rows, kHeads] of a block to weights; scales `out` [kHeads, size] to
  // the new maxima.
  VOXTRAL_TTS_INLINE void add(
      float* scores, int64_t rows, float* out, int64_t size) {
    float largest[kHeads];
    for (int head = 0; head < kHeads; ++head) {
      largest[head] = maximum[head];
    }
    for (int64_t row = 0; row < rows; ++row) {
      for (int head = 0; head < kHeads; ++head) {
        const float score = scores[row * kHeads + head];
        poison[head] += score * 0.0f;
        largest[head] = score > largest[head] ? score : largest[head];
      }
    }
    for (int head = 0; head < kHeads; ++head) {
      if (largest[head] > maximum[head]) {
        const float shrink = total[head] > 0.0f
                                 ? exp_negative(maximum[head] - largest[head])
                                 : 0.0f;
        total[head] *= shrink;
        for (int64_t i = 0; i < size; ++i) {
          out[head * size + i] *= shrink;
        }
        maximum[head] = largest[head];
      }
    }
    for (int64_t row = 0; row < rows; ++row) {
      for (int head = 0; head < kHeads; ++head) {
        scores[row * kHeads + head] -= maximum[head];
      }
    }
    for (int64_t i = 0; i < rows * kHeads; ++i) {
      scores[i] = exp_negative(scores[i]);
    }
    for (int64_t row = 0; row < rows; ++row) {
      for (int head = 0; head < kHeads; ++head) {
        total[head] += scores[row * kHeads + head];
      }
    }
  }
};

} // namespace
} // namespace voxtral_tts::operators
