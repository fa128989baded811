// One level's RowKernels. Include it only from level_*.cpp, after target.h:
// what it holds is compiled for that level.
#pragma once

#include "operators/rows/attend_group.h"
#include "operators/rows/halves.h"
#include "operators/rows/quantize_row.h"
#include "operators/rows/row_loops.h"

namespace voxtral_tts::operators {
namespace {

template <class L>
constexpr RowKernels kRowKernels{
    attend_group<L>, rms_norm_row, swiglu_row, spread_non_finite, quantize_row};

} // namespace
} // namespace voxtral_tts::operators
