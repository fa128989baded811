// The product of float rows and quantised weights.
#pragma once

#include <cstddef>
#include <cstdint>

#include "operators/linear/packed_weights.h"

namespace voxtral_tts::operators {

// Bytes of `scratch` for linear().
size_t linear_scratch_size(const PackedWeights& weights, int64_t rows);

// x [rows, depth] times the weights' transpose -> out [rows, columns]. The rows
// are quantised to 8 bits, each by its own range; a row with a NaN or an
// infinity comes out as NaN. The result does not depend on the number of
// threads, nor a row's on the other rows.
void linear(
    const PackedWeights& weights,
    const float* x,
    int64_t rows,
    void* scratch,
    float* out);

} // namespace voxtral_tts::operators
