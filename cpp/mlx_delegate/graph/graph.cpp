#include "graph/graph.h"

#include <algorithm>
#include <type_traits>

#include "graph/node_reader.h"

namespace voxtral_tts::mlx_delegate {
namespace {

constexpr size_t kHeaderSize = 24;
constexpr size_t kMagicAt = 4;
constexpr uint32_t kMagic = 0x30584c4d; // "MLX0"
constexpr uint64_t kMaxSlots = 1'000'000;
constexpr size_t kMaxRank = 16;
constexpr int64_t kMaxTensorElements = int64_t{4} << 30;
constexpr int kMaxChainDepth = 64;

// Field ids of table MLXGraph.
enum Field : size_t {
  kVersion,
  kNumConstants,
  kNumInputs,
  kNumOutputs,
  kNumMutableBuffers,
  kNumTemporaries,
  kNumValues,
  kChains,
  kMainChain,
  kInitChain,
  kInputMap,
  kOutputMap,
  kMutableBufferMap,
  kNamedSlots,
  kTensorMeta,
};

template <typename T>
T required(std::optional<T> value, const char* name) {
  if (!value) {
    throw PayloadError(std::string(name) + " is missing");
  }
  return *std::move(value);
}

// The FlatBuffer lies between the header and the data segment, which is empty:
// constants come by name.
std::span<const std::byte> flatbuffer_of(std::span<const std::byte> payload) {
  const FlatBuffer header(payload.first(std::min(payload.size(), kHeaderSize)));
  const auto magic = header.at<uint32_t>(kMagicAt);
  const auto data_offset = header.at<uint64_t>(8);
  const auto data_size = header.at<uint64_t>(16);
  if (magic != kMagic) {
    throw PayloadError("it does not begin with MLX0");
  }
  if (data_offset < kHeaderSize || data_offset > payload.size() ||
      data_size > payload.size() - data_offset) {
    throw PayloadError("its header disagrees with its size");
  }
  return payload.subspan(kHeaderSize, data_offset - kHeaderSize);
}

void read_counts(const FlatTable& root, Graph& graph) {
  const std::pair<Field, uint32_t*> counts[] = {
      {kNumConstants, &graph.num_constants},
      {kNumInputs, &graph.num_inputs},
      {kNumOutputs, &graph.num_outputs},
      {kNumMutableBuffers, &graph.num_mutable_buffers},
      {kNumTemporaries, &graph.num_temporaries},
      {kNumValues, &graph.num_values}};
  for (const auto& [field, count] : counts) {
    *count = root.scalar<uint32_t>(field).value_or(0);
    if (*count > kMaxSlots) {
      throw PayloadError(std::to_string(*count) + " slots");
    }
  }
}

SlotRef read_slot(const FlatTable& table, const Graph& graph) {
  const SlotRef slot{
      table.scalar<uint32_t>(0).value_or(0),
      static_cast<SlotType>(table.scalar<int8_t>(1).value_or(0))};
  if (slot.type < SlotType::kTensor || slot.type > SlotType::kBool) {
    throw PayloadError("a slot of an unknown type");
  }
  const bool is_tensor = slot.type == SlotType::kTensor;
  if (slot.idx >= (is_tensor ? graph.num_tensors() : graph.num_values)) {
    throw PayloadError("slot " + std::to_string(slot.idx) + " does not exist");
  }
  return slot;
}

// Tensors in a map must be of its own kind: [first, first + count).
std::vector<SlotRef> read_map(
    const FlatTable& root,
    Field field,
    const Graph& graph,
    uint32_t first,
    uint32_t count) {
  std::vector<SlotRef> map;
  const auto items = root.vector(field, 4);
  for (size_t i = 0; items && i < items->size(); ++i) {
    map.push_back(read_slot(items->table(i), graph));
    const SlotRef& slot = map.back();
    if (slot.type == SlotType::kTensor &&
        (slot.idx < first || slot.idx - first >= count)) {
      throw PayloadError(
          "tensor " + std::to_string(slot.idx) + " is in the wrong map");
    }
  }
  return map;
}

DimMeta read_dim(const FlatTable& table) {
  const DimMeta dim{
      table.scalar<int32_t>(0).value_or(-1),
      table.scalar<int32_t>(1).value_or(0),
      table.scalar<int32_t>(2).value_or(-1)};
  if (dim.value < -1 || dim.min < 0 || dim.max < -1 ||
      (dim.max >= 0 && dim.min > dim.max)) {
    throw PayloadError("a dimension has impossible bounds");
  }
  return dim;
}

TensorMeta read_tensor_meta(const FlatTable& table) {
  TensorMeta meta;
  meta.scalar_type = table.scalar<int8_t>(1).value_or(0);
  const auto shape = required(table.vector(0, 4), "a tensor's shape");
  if (shape.size() > kMaxRank) {
    throw PayloadError("a tensor of rank " + std::to_string(shape.size()));
  }
  int64_t elements = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    meta.shape.push_back(read_dim(shape.table(i)));
    const DimMeta& dim = meta.shape.back();
    // A dynamic dimension counts as 1: nothing is allocated for its bound.
    elements *= std::max(1, dim.value);
    if (elements > kMaxTensorElements) {
      throw PayloadError("a tensor of more than 2^32 elements");
    }
  }
  return meta;
}

Node read_node(const FlatTable& instruction, const Graph& graph) {
  const auto type = required(instruction.scalar<uint8_t>(0), "the node's type");
  const auto table = required(instruction.table(1), "the node");
  return decode_node(type, NodeReader(table, graph));
}

void read_chains(const FlatTable& root, Graph& graph) {
  const auto chains = required(root.vector(kChains, 4), "the list of chains");
  size_t total = 0;
  for (size_t c = 0; c < chains.size(); ++c) {
    const auto instructions = required(chains.table(c).vector(0, 4), "a chain");
    total += instructions.size();
    if (total > FlatVector::kMaxSize) {
      throw PayloadError("more than 1000000 nodes");
    }
    Chain& chain = graph.chains.emplace_back();
    chain.reserve(instructions.size());
    for (size_t i = 0; i < instructions.size(); ++i) {
      try {
        chain.push_back(read_node(instructions.table(i), graph));
      } catch (const PayloadError& error) {
        throw PayloadError(
            "chain " + std::to_string(c) + ", node " + std::to_string(i) +
            ": " + error.what());
      }
    }
  }
}

std::vector<int64_t> chains_run_by(const Node& node) {
  if (const auto* scan = std::get_if<ScanNode>(&node)) {
    return {scan->body_chain_idx};
  }
  if (const auto* branch = std::get_if<IfNode>(&node)) {
    return {branch->then_chain_idx, branch->else_chain_idx};
  }
  return {};
}

// How deep chains nest from this one on. A circle is without end, too.
int chain_height(
    const Graph& graph, size_t index, std::vector<int>& heights, int depth) {
  if (depth > kMaxChainDepth) {
    throw PayloadError("chains run each other in a circle, or nest too deeply");
  }
  if (heights[index] == 0) {
    int height = 1;
    for (const Node& node : graph.chains[index]) {
      for (const int64_t next : chains_run_by(node)) {
        if (next < 0 || next >= static_cast<int64_t>(graph.chains.size())) {
          throw PayloadError("chain " + std::to_string(next) + " is missing");
        }
        height = std::max(
            height,
            1 + chain_height(
                    graph, static_cast<size_t>(next), heights, depth + 1));
      }
    }
    heights[index] = height;
  }
  if (depth + heights[index] > kMaxChainDepth) {
    throw PayloadError("chains nest too deeply");
  }
  return heights[index];
}

void check_chains(const Graph& graph) {
  if (graph.main_chain >= graph.chains.size() ||
      graph.init_chain.value_or(0) >= graph.chains.size()) {
    throw PayloadError("the main or init chain is missing");
  }
  std::vector<int> heights(graph.chains.size());
  for (size_t i = 0; i < graph.chains.size(); ++i) {
    chain_height(graph, i, heights, 0);
  }
}

void read_named_slots(const FlatTable& root, Graph& graph) {
  const auto items = root.vector(kNamedSlots, 4);
  for (size_t i = 0; items && i < items->size(); ++i) {
    const FlatTable item = items->table(i);
    graph.named_slots.push_back(
        {required(item.string(0), "a slot's name"),
         read_slot(required(item.table(1), "a named slot"), graph)});
  }
}

void read_tensor_metas(const FlatTable& root, Graph& graph) {
  const auto items = root.vector(kTensorMeta, 4);
  if ((items ? items->size() : 0) != graph.num_known_tensors()) {
    throw PayloadError("not every tensor is described");
  }
  for (size_t i = 0; items && i < items->size(); ++i) {
    graph.tensor_meta.push_back(read_tensor_meta(items->table(i)));
  }
}

Graph read_graph(std::span<const std::byte> payload) {
  const FlatBuffer buffer(flatbuffer_of(payload));
  const FlatTable root(buffer, buffer.follow(0));
  Graph graph;
  const auto version = root.string(kVersion).value_or("");
  if (version != "1") {
    throw PayloadError(
        "its version is '" + version + "', this build reads '1'");
  }
  read_counts(root, graph);
  read_chains(root, graph);
  graph.main_chain = root.scalar<uint32_t>(kMainChain).value_or(0);
  const auto init_chain = root.scalar<int32_t>(kInitChain).value_or(-1);
  if (init_chain >= 0) {
    graph.init_chain = static_cast<uint32_t>(init_chain);
  }
  check_chains(graph);
  const uint32_t inputs = graph.num_constants;
  const uint32_t outputs = inputs + graph.num_inputs;
  graph.input_map = read_map(root, kInputMap, graph, inputs, graph.num_inputs);
  graph.output_map =
      read_map(root, kOutputMap, graph, outputs, graph.num_outputs);
  graph.mutable_buffer_map = read_map(
      root,
      kMutableBufferMap,
      graph,
      graph.first_mutable_buffer(),
      graph.num_mutable_buffers);
  read_named_slots(root, graph);
  read_tensor_metas(root, graph);
  return graph;
}

} // namespace

bool TensorMeta::is_static() const {
  return std::all_of(shape.begin(), shape.end(), [](const DimMeta& dim) {
    return dim.value >= 0;
  });
}

const char* name_of(const Node& node) {
  return std::visit(
      [](const auto& n) -> const char* {
        return std::decay_t<decltype(n)>::kName;
      },
      node);
}

Graph read_payload(std::span<const std::byte> payload) {
  try {
    return read_graph(payload);
  } catch (const PayloadError& error) {
    throw PayloadError("malformed MLX payload: " + std::string(error.what()));
  }
}

} // namespace voxtral_tts::mlx_delegate
