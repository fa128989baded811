#include "operators/rowwise.h"

#include <cmath>

#include "operators/exp.h"
#include "operators/simd.h"

namespace voxtral_tts::operators {

VOXTRAL_TTS_MULTIVERSION
void rms_norm(
    const float* x,
    const float* weight,
    float eps,
    int64_t rows,
    int64_t dim,
    float* out) {
  for (int64_t row = 0; row < rows; ++row, x += dim, out += dim) {
    const float mean = dot(x, x, dim) / static_cast<float>(dim);
    // mean - mean: NaN when the mean is infinite, which would scale all to 0.
    const float scale = 1.0f / std::sqrt(mean + eps) + (mean - mean);
    for (int64_t i = 0; i < dim; ++i) {
      out[i] = x[i] * scale * weight[i];
    }
    spread_non_finite(out, dim);
  }
}

VOXTRAL_TTS_MULTIVERSION
void swiglu(const float* x, int64_t rows, int64_t dim, float* out) {
  for (int64_t row = 0; row < rows; ++row, x += 2 * dim, out += dim) {
    for (int64_t i = 0; i < dim; ++i) {
      // The sigmoid from e^-|x|, which cannot overflow.
      const float magnitude = x[i] < 0.0f ? -x[i] : x[i];
      const float small = exp_negative(-magnitude);
      const float numerator = x[i] < 0.0f ? small : 1.0f;
      out[i] = x[i] * (numerator / (1.0f + small)) * x[dim + i];
    }
    spread_non_finite(out, dim);
  }
}

} // namespace voxtral_tts::operators
