#include "backend/program.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "backend/backend_error.h"
#include "backend/constants.h"
#include "backend/tensors.h"
#include "interpreter/interpreter.h"

namespace voxtral_tts::mlx_delegate {
namespace {

using executorch::runtime::Error;
using executorch::runtime::EValue;
using executorch::runtime::Span;

// One per device: MLX never gives a stream's thread back. Calls are one at a
// time, so programs do not get into each other's way.
mx::Stream stream_of(mx::Device device) {
  if (device == mx::Device::gpu) {
    static const mx::Stream gpu = mx::new_thread_unsafe_stream(device);
    return gpu;
  }
  static const mx::Stream cpu = mx::new_thread_unsafe_stream(device);
  return cpu;
}

// Metal source, and a cache outside the program: neither can be run here.
void check_supported(const Graph& graph) {
  for (const Chain& chain : graph.chains) {
    for (const Node& node : chain) {
      if (std::holds_alternative<MetalKernelNode>(node) ||
          std::holds_alternative<UpdateAndAttendNode>(node)) {
        throw BackendError(
            Error::DelegateInvalidCompatibility,
            std::string(name_of(node)) + " is not supported");
      }
    }
  }
}

void check_mutable_buffers(const Graph& graph) {
  size_t total = 0;
  for (uint32_t i = 0; i < graph.num_mutable_buffers; ++i) {
    const TensorMeta& meta =
        graph.tensor_meta[graph.first_mutable_buffer() + i];
    if (!meta.is_static()) {
      throw PayloadError("a mutable buffer has no fixed shape");
    }
    size_t bytes = mx::size_of(dtype_of(meta.scalar_type));
    for (const DimMeta& dim : meta.shape) {
      bytes *= static_cast<size_t>(dim.value); // <= 4 Gi elements, was checked
    }
    total += bytes;
    if (total > max_tensor_bytes()) {
      throw PayloadError("mutable buffers of more than 16 GiB, or all memory");
    }
  }
}

Graph read_supported(std::span<const std::byte> payload) {
  Graph graph = read_payload(payload);
  check_supported(graph);
  check_mutable_buffers(graph);
  return graph;
}

// Runs `body` and says which argument it was about when it throws.
template <typename Body>
void about(const char* what, size_t index, Body body) {
  try {
    body();
  } catch (const BackendError& error) {
    throw BackendError(
        error.code, what + std::to_string(index) + " " + error.what());
  }
}

[[noreturn]] void wrong_type() {
  throw BackendError(Error::InvalidArgument, "is of another type of value");
}

mx::array to_result(
    const mx::array& x, const TensorMeta& meta, mx::Stream stream) {
  return mx::contiguous(
      mx::astype(x, dtype_of(meta.scalar_type), stream), false, stream);
}

void write_scalar(const Scalar& value, SlotType type, EValue& out) {
  if (type == SlotType::kInt && std::holds_alternative<int64_t>(value)) {
    out = EValue(std::get<int64_t>(value));
  } else if (
      type == SlotType::kBool && !std::holds_alternative<double>(value)) {
    out = EValue(std::visit([](auto x) { return x != 0; }, value));
  } else if (
      type == SlotType::kFloat && std::holds_alternative<double>(value)) {
    out = EValue(std::get<double>(value));
  } else {
    wrong_type();
  }
}

} // namespace

Program::Program(
    std::span<const std::byte> payload,
    const executorch::runtime::NamedDataMap* names,
    const Options& options)
    : graph_(read_supported(payload)),
      options_(options),
      slots_(graph_, stream_of(options.device)) {
  load_constants(graph_, names, slots_);
  if (options_.zero_mutable_buffers) {
    for (uint32_t i = 0; i < graph_.num_mutable_buffers; ++i) {
      zero(Tid{graph_.first_mutable_buffer() + i});
    }
  }
  run_init_chain();
  check_constants();
}

void Program::zero(Tid buffer) {
  const TensorMeta& meta = graph_.tensor_meta[buffer.idx];
  mx::array zeros = new_array(shape_of(meta), dtype_of(meta.scalar_type));
  if (zeros.nbytes() != 0) {
    std::memset(zeros.data<char>(), 0, zeros.nbytes());
  }
  slots_.set(buffer, std::move(zeros));
}

void Program::run_init_chain() {
  slots_.clear_changed();
  if (!graph_.init_chain) {
    return;
  }
  run_chain(graph_, *graph_.init_chain, slots_);
  std::vector<mx::array> changed;
  for (const Tid id : slots_.changed()) {
    changed.push_back(slots_.tensor(id));
  }
  slots_.clear_call();
  slots_.clear_changed();
  slots_.evaluate(changed);
}

void Program::check_constants() const {
  for (uint32_t i = 0; i < graph_.num_constants; ++i) {
    if (!slots_.has(Tid{i})) {
      throw BackendError(
          Error::InvalidExternalData,
          "constant " + std::to_string(i) + " has no data");
    }
  }
}

void Program::execute(Span<EValue*> args) {
  try {
    run(args);
    slots_.clear_changed();
  } catch (...) {
    slots_.clear_call();
    const std::vector<Tid> changed = slots_.changed();
    for (const Tid id : changed) {
      if (id.idx >= graph_.num_constants) {
        zero(id);
      }
    }
    slots_.clear_changed();
    throw;
  }
}

void Program::bind_input(const SlotRef& slot, const EValue& arg) {
  switch (slot.type) {
    case SlotType::kTensor:
      if (!arg.isTensor()) {
        wrong_type();
      }
      slots_.set(
          Tid{slot.idx},
          read_input(arg.toTensor(), graph_.tensor_meta[slot.idx]));
      return;
    case SlotType::kInt:
      if (!arg.isInt()) {
        wrong_type();
      }
      slots_.set(Vid{slot.idx}, arg.toInt());
      return;
    case SlotType::kFloat:
      if (!arg.isDouble()) {
        wrong_type();
      }
      slots_.set(Vid{slot.idx}, arg.toDouble());
      return;
    case SlotType::kBool:
      if (!arg.isBool()) {
        wrong_type();
      }
      slots_.set(Vid{slot.idx}, arg.toBool());
      return;
  }
}

void Program::run(Span<EValue*> args) {
  const size_t inputs = graph_.input_map.size();
  const size_t outputs = graph_.output_map.size();
  if (args.size() != inputs + outputs) {
    throw BackendError(
        Error::InvalidArgument,
        std::to_string(args.size()) + " arguments, not " +
            std::to_string(inputs + outputs));
  }
  for (size_t i = 0; i < inputs; ++i) {
    about("input ", i, [&] { bind_input(graph_.input_map[i], *args[i]); });
  }
  run_chain(graph_, graph_.main_chain, slots_);

  // Results, then what the call changed: all are evaluated together.
  std::vector<mx::array> evaluated;
  for (const SlotRef& slot : graph_.output_map) {
    if (slot.type == SlotType::kTensor) {
      const Tid id{slot.idx};
      evaluated.push_back(to_result(
          slots_.tensor(id), graph_.tensor_meta[slot.idx], slots_.stream()));
    }
  }
  const std::vector<mx::array> results = evaluated;
  for (const Tid id : slots_.changed()) {
    evaluated.push_back(slots_.tensor(id));
  }
  std::vector<Scalar> scalars;
  for (const SlotRef& slot : graph_.output_map) {
    if (slot.type != SlotType::kTensor) {
      scalars.push_back(slots_.scalar(Vid{slot.idx}));
    }
  }
  // MLX reuses and frees the memory of what nobody else holds.
  slots_.clear_call();
  slots_.evaluate(evaluated);

  auto result = results.begin();
  auto scalar = scalars.begin();
  for (size_t i = 0; i < outputs; ++i) {
    EValue& out = *args[inputs + i];
    const SlotType type = graph_.output_map[i].type;
    about("output ", i, [&] {
      if (type != SlotType::kTensor) {
        write_scalar(*scalar++, type, out);
      } else if (out.isTensor()) {
        write_output(*result++, out.toTensor());
      } else {
        wrong_type();
      }
    });
  }
}

} // namespace voxtral_tts::mlx_delegate
