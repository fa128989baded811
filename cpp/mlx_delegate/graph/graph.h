// A delegated program, decoded: what the interpreter runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/ids.h"
#include "nodes.h"
#include "schema/flatbuffer.h"

namespace voxtral_tts::mlx_delegate {

enum class SlotType : int8_t { kTensor = 0, kInt = 1, kFloat = 2, kBool = 3 };

// `idx` is a Tid's for a tensor, else a Vid's.
struct SlotRef {
  uint32_t idx = 0;
  SlotType type = SlotType::kTensor;
};

struct NamedSlot {
  std::string name;
  SlotRef slot;
};

// Dynamic when value is -1: at most max, if that is not -1.
struct DimMeta {
  int32_t value = -1;
  int32_t min = 0;
  int32_t max = -1;
};

struct TensorMeta {
  std::vector<DimMeta> shape;
  int8_t scalar_type = 0; // ExecuTorch's ScalarType

  bool is_static() const;
};

using Chain = std::vector<Node>;

// Tensor slots are numbered constants, inputs, outputs, mutable buffers,
// temporaries, in this order.
struct Graph {
  uint32_t num_constants = 0;
  uint32_t num_inputs = 0;
  uint32_t num_outputs = 0;
  uint32_t num_mutable_buffers = 0;
  uint32_t num_temporaries = 0;
  uint32_t num_values = 0;

  std::vector<Chain> chains;
  uint32_t main_chain = 0;
  std::optional<uint32_t> init_chain;

  std::vector<SlotRef> input_map; // in the order of the call's arguments
  std::vector<SlotRef> output_map;
  std::vector<SlotRef> mutable_buffer_map;
  std::vector<NamedSlot> named_slots;  // constants by their key; also others
  std::vector<TensorMeta> tensor_meta; // by Tid, of all but temporaries

  uint32_t first_mutable_buffer() const {
    return num_constants + num_inputs + num_outputs;
  }
  uint32_t num_known_tensors() const { // all but temporaries
    return first_mutable_buffer() + num_mutable_buffers;
  }
  uint32_t num_tensors() const {
    return num_known_tensors() + num_temporaries;
  }
};

const char* name_of(const Node& node);

// Everything that does not depend on data is checked here: slot and chain
// numbers, required fields, limits, and that chains do not run each other in a
// circle. Throws PayloadError, which names the problem.
Graph read_payload(std::span<const std::byte> payload);

} // namespace voxtral_tts::mlx_delegate
