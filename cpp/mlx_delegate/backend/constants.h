// A program's weights, from the .pte's named data.
#pragma once

#include <executorch/runtime/core/named_data_map.h>

#include "graph/graph.h"
#include "interpreter/slots.h"

namespace voxtral_tts::mlx_delegate {

// Sets every named constant of `graph`. On a CPU stream they are read where
// they lie (see alias.h) and keep the file's memory; else they are copied.
// `names` may be null when there are none. Throws BackendError.
void load_constants(
    const Graph& graph,
    const executorch::runtime::NamedDataMap* names,
    Slots& slots);

} // namespace voxtral_tts::mlx_delegate
