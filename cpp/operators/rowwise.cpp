#include "operators/rowwise.h"

#include "operators/kernels.h"

namespace voxtral_tts::operators {

void rms_norm(
    const float* x,
    const float* weight,
    float eps,
    int64_t rows,
    int64_t dim,
    float* out) {
  const RowKernels& level = *kernels().rows;
  for (int64_t row = 0; row < rows; ++row) {
    level.rms_norm(x + row * dim, weight, eps, dim, out + row * dim);
  }
}

void swiglu(const float* x, int64_t rows, int64_t dim, float* out) {
  const RowKernels& level = *kernels().rows;
  for (int64_t row = 0; row < rows; ++row) {
    level.swiglu(x + row * 2 * dim, dim, out + row * dim);
  }
}

} // namespace voxtral_tts::operators
