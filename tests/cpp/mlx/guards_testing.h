// Runs single nodes and small graphs on tensors in slots.
#pragma once

#include <stdexcept>
#include <string>

#include <executorch/runtime/core/portable_type/scalar_type.h>
#include <gmock/gmock.h>

#include "interpreter/interpreter.h"

namespace voxtral_tts::mlx_delegate {

inline constexpr auto kFloat =
    static_cast<int8_t>(executorch::runtime::etensor::ScalarType::Float);
inline constexpr Tid kX{0}, kW{1}, kScales{2}, kBiases{3}, kOut{7};

inline IntOrVid literal(int64_t value) {
  return {value, {}};
}

class GuardsTest : public ::testing::Test {
 protected:
  static Graph eight_of_each() {
    Graph graph;
    graph.num_temporaries = graph.num_values = 8;
    return graph;
  }
  void zeros(Tid id, const mx::Shape& shape, mx::Dtype type = mx::float32) {
    slots.set(id, mx::zeros(shape, type, slots.stream()));
  }
  // The evaluated result of a node.
  template <typename AnyNode>
  const mx::array& result_of(const AnyNode& node) {
    run(node, slots);
    const mx::array& result = slots.tensor(kOut);
    slots.evaluate({result});
    return result;
  }
  std::string problem_of_chains() {
    try {
      run_chain(graph, 0, slots);
      return "none";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }

  Graph graph = eight_of_each();
  Slots slots{graph, mx::new_thread_unsafe_stream(mx::Device::cpu)};
};

} // namespace voxtral_tts::mlx_delegate
