// Runs a chain of nodes.
#pragma once

#include <cstddef>

#include "graph/graph.h"
#include "interpreter/slots.h"

namespace voxtral_tts::mlx_delegate {

// Builds MLX's lazy graph node by node; only nodes that need a value on the
// host wait. Throws std::runtime_error that names the node that failed.
void run_chain(const Graph& graph, size_t chain, Slots& slots);

} // namespace voxtral_tts::mlx_delegate
