#include "interpreter/interpreter.h"

#include <exception>
#include <stdexcept>
#include <string>
#include <variant>

namespace voxtral_tts::mlx_delegate {

void run_chain(const Graph& graph, size_t chain, Slots& slots) {
  const Chain& nodes = graph.chains.at(chain);
  slots.spend(1 + nodes.size()); // even an empty one takes time
  for (size_t i = 0; i < nodes.size(); ++i) {
    try {
      std::visit([&](const auto& node) { run(node, slots); }, nodes[i]);
    } catch (const std::exception& error) {
      throw std::runtime_error(
          "node " + std::to_string(i) + " " + name_of(nodes[i]) + ": " +
          error.what());
    }
  }
}

} // namespace voxtral_tts::mlx_delegate
