// The payload of an MLX program: bytes to graph. Nothing is run.
#include "fuzz.h"
#include "graph/graph.h"

using namespace voxtral_tts;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto graph = mlx_delegate::read_payload(fuzz::bytes_of(data, size));
    fuzz::require(graph.main_chain < graph.chains.size(), "a main chain");
    fuzz::require(
        graph.tensor_meta.size() == graph.num_known_tensors(),
        "every tensor is described");
    for (const auto& chain : graph.chains) {
      for (const auto& node : chain) {
        fuzz::require(*mlx_delegate::name_of(node) != '\0', "a known node");
      }
    }
  } catch (const mlx_delegate::PayloadError& error) {
    fuzz::require(*error.what() != '\0', "a message");
  }
  return 0;
}
