#include "backend/constants.h"

#include <memory>
#include <string>
#include <utility>

#include <executorch/runtime/core/freeable_buffer.h>

#include "backend/alias.h"
#include "backend/backend_error.h"
#include "backend/tensors.h"

namespace voxtral_tts::mlx_delegate {
namespace {

using executorch::runtime::Error;
using executorch::runtime::FreeableBuffer;
using executorch::runtime::NamedDataMap;

mx::array to_array(
    FreeableBuffer buffer, const TensorMeta& meta, mx::Stream stream) {
  const auto data = buffer.data_safe();
  const mx::Shape shape = shape_of(meta);
  const mx::Dtype dtype = dtype_of(meta.scalar_type);
  size_t bytes = mx::size_of(dtype);
  for (const auto size : shape) {
    bytes *= static_cast<size_t>(size);
  }
  if (!data.ok() || buffer.size() < bytes || (*data == nullptr && bytes != 0)) {
    throw BackendError(
        Error::InvalidExternalData,
        "has " + std::to_string(buffer.size()) + " bytes, not " +
            std::to_string(bytes));
  }
  if (stream.device == mx::Device::cpu && bytes != 0 && is_aligned(*data) &&
      can_alias()) {
    const auto owner = std::make_shared<FreeableBuffer>(std::move(buffer));
    return alias(*data, shape, dtype, owner);
  }
  return new_copy(*data, shape, dtype);
}

void load_constant(
    const NamedSlot& named,
    const Graph& graph,
    const NamedDataMap* names,
    Slots& slots) {
  const TensorMeta& meta = graph.tensor_meta[named.slot.idx];
  if (!meta.is_static()) {
    throw BackendError(
        Error::DelegateInvalidCompatibility, "has no fixed shape");
  }
  if (names == nullptr) {
    throw BackendError(Error::NotFound, "has no data: the file holds none");
  }
  auto buffer = names->get_data(named.name);
  if (!buffer.ok()) {
    throw BackendError(buffer.error(), "has no data in the file");
  }
  slots.set(
      Tid{named.slot.idx}, to_array(std::move(*buffer), meta, slots.stream()));
}

} // namespace

void load_constants(
    const Graph& graph, const NamedDataMap* names, Slots& slots) {
  for (const NamedSlot& named : graph.named_slots) {
    // Inputs, outputs and mutable buffers have names, too.
    const bool is_constant = named.slot.type == SlotType::kTensor &&
                             named.slot.idx < graph.num_constants;
    if (!is_constant || slots.has(Tid{named.slot.idx})) {
      continue;
    }
    try {
      load_constant(named, graph, names, slots);
    } catch (const BackendError& error) {
      throw BackendError(
          error.code, "constant '" + named.name + "' " + error.what());
    }
  }
}

} // namespace voxtral_tts::mlx_delegate
