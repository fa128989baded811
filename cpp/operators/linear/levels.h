// The instruction sets a tile can be computed with.
#pragma once

#include "operators/linear/packed_weights.h"

namespace voxtral_tts::operators {

// kBaseline is what every target of the compiler has; kDot is AVX-512 VNNI on
// x86-64 and the dot-product extension on aarch64.
enum class DotLevel { kBaseline, kAvx2, kDot };

// out[r, c] of all rows r and the columns c of one tile; out [rows, columns].
using MultiplyTile = void (*)(
    const PackedWeights& weights,
    const QuantizedRows& x,
    int64_t tile,
    float* out);

// The best level of this machine, or what set_dot_level() asked for.
DotLevel dot_level();
// For tests: false, and no change, where the machine or the build lacks it.
bool set_dot_level(DotLevel level);

// The code of a level that set_dot_level() accepts.
MultiplyTile multiply_tile_at(DotLevel level);

// Each in a file of its own; which of them exist, levels.cpp knows.
MultiplyTile baseline_multiply_tile();
MultiplyTile avx2_multiply_tile();
MultiplyTile dot_multiply_tile();

} // namespace voxtral_tts::operators
