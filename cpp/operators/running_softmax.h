// A softmax over keys that come block by block. Include it from attend_query.h
// only.
#pragma once

#include <cstdint>
#include <limits>

#include "operators/element.h"
#include "operators/exp.h"

namespace voxtral_tts::operators {
namespace {

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

} // namespace
} // namespace voxtral_tts::operators
