// Activations to 8 bits, each row by its own range.
#pragma once

#include <cstdint>

#include "operators/linear/packed_weights.h"

namespace voxtral_tts::operators {

// Bytes from row to row for `depth` inputs: whole cache lines.
int64_t quantized_stride(int64_t depth);

// x [rows, depth] -> rows [begin, end) of `out`, asymmetric: scale = (max -
// min) / 255 over the row and zero, zero = the whole number that stands for 0.
// As quantized_decomposed::choose_qparams_per_token_asymmetric, plus 128. A row
// with a NaN or an infinity gets the scale NaN.
void quantize_rows(
    const float* x,
    int64_t depth,
    int64_t begin,
    int64_t end,
    const QuantizedRows& out);

} // namespace voxtral_tts::operators
