// Operators that treat every row of the last axis alike, float32. A row of the
// result that would hold NaN or infinity is NaN throughout.
#pragma once

#include <cstdint>

namespace voxtral_tts::operators {

// out = x / sqrt(mean(x^2) + eps) * weight, x and out [rows, dim].
void rms_norm(
    const float* x,
    const float* weight,
    float eps,
    int64_t rows,
    int64_t dim,
    float* out);

// out = silu(gate) * up, x [rows, 2 * dim] = gate | up, out [rows, dim].
void swiglu(const float* x, int64_t rows, int64_t dim, float* out);

} // namespace voxtral_tts::operators
