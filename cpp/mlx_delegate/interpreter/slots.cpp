#include "interpreter/slots.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include <executorch/runtime/core/portable_type/scalar_type.h>

namespace voxtral_tts::mlx_delegate {
namespace {

[[noreturn]] void fail(const char* kind, uint32_t idx, const char* problem) {
  throw std::runtime_error(
      std::string(kind) + " " + std::to_string(idx) + " " + problem);
}

bool is_persistent(const Graph& graph, Tid id) {
  return id.idx < graph.num_constants ||
         (id.idx >= graph.first_mutable_buffer() &&
          id.idx < graph.num_known_tensors());
}

} // namespace

mx::Dtype dtype_of(int8_t scalar_type) {
  using executorch::runtime::etensor::ScalarType;
  switch (static_cast<ScalarType>(scalar_type)) {
    case ScalarType::Byte:
      return mx::uint8;
    case ScalarType::Char:
      return mx::int8;
    case ScalarType::Short:
      return mx::int16;
    case ScalarType::Int:
      return mx::int32;
    case ScalarType::Long:
      return mx::int64;
    case ScalarType::Half:
      return mx::float16;
    case ScalarType::Float:
      return mx::float32;
    case ScalarType::Double:
      return mx::float64;
    case ScalarType::Bool:
      return mx::bool_;
    case ScalarType::BFloat16:
      return mx::bfloat16;
    case ScalarType::UInt16:
      return mx::uint16;
    case ScalarType::UInt32:
      return mx::uint32;
    case ScalarType::UInt64:
      return mx::uint64;
    default:
      throw std::runtime_error(
          "MLX has no type for ScalarType " + std::to_string(scalar_type));
  }
}

Slots::Slots(const Graph& graph, mx::Stream stream)
    : graph_(graph),
      stream_(stream),
      tensors_(graph.num_tensors()),
      scalars_(graph.num_values) {
}

bool Slots::has(Tid id) const {
  return tensors_.at(id.idx).has_value();
}

const mx::array& Slots::tensor(Tid id) const {
  const auto& tensor = tensors_.at(id.idx);
  if (!tensor) {
    fail("tensor", id.idx, "is read before it is written");
  }
  return *tensor;
}

std::optional<mx::array> Slots::tensor(const std::optional<Tid>& id) const {
  return id ? std::optional(tensor(*id)) : std::nullopt;
}

mx::array Slots::take(Tid id) {
  mx::array taken = tensor(id);
  tensors_[id.idx].reset();
  if (is_persistent(graph_, id)) {
    changed_.push_back(id);
  }
  return taken;
}

void Slots::set(Tid id, mx::array value) {
  auto& tensor = tensors_.at(id.idx);
  if (tensor) {
    *tensor = std::move(value);
  } else {
    tensor.emplace(std::move(value));
  }
  if (is_persistent(graph_, id)) {
    changed_.push_back(id);
  }
}

const Scalar& Slots::scalar(Vid id) const {
  const auto& scalar = scalars_.at(id.idx);
  if (!scalar) {
    fail("value", id.idx, "is read before it is written");
  }
  return *scalar;
}

void Slots::set(Vid id, Scalar value) {
  scalars_.at(id.idx) = value;
}

int64_t Slots::integer(const IntOrVid& value) const {
  if (!value.vid) {
    return value.literal;
  }
  const Scalar& found = scalar(*value.vid);
  if (std::holds_alternative<double>(found)) {
    fail("value", value.vid->idx, "is not an integer");
  }
  const auto* flag = std::get_if<bool>(&found);
  return flag ? int64_t{*flag} : std::get<int64_t>(found);
}

int Slots::integer32(const IntOrVid& value) const {
  const int64_t wide = integer(value);
  if (wide < std::numeric_limits<int>::min() ||
      wide > std::numeric_limits<int>::max()) {
    throw std::runtime_error(std::to_string(wide) + " does not fit 32 bits");
  }
  return static_cast<int>(wide);
}

double Slots::real(const FloatOrVid& value) const {
  if (!value.vid) {
    return value.literal;
  }
  return std::visit(
      [](auto number) { return static_cast<double>(number); },
      scalar(*value.vid));
}

mx::Shape Slots::shape(const std::vector<IntOrVid>& sizes) const {
  mx::Shape shape;
  for (const IntOrVid& size : sizes) {
    shape.push_back(integer32(size));
  }
  return shape;
}

void Slots::clear_call() {
  const auto slot = [this](uint32_t idx) { return tensors_.begin() + idx; };
  const auto drop = [](auto first, auto last) {
    std::for_each(first, last, [](auto& tensor) { tensor.reset(); });
  };
  drop(slot(graph_.num_constants), slot(graph_.first_mutable_buffer()));
  drop(slot(graph_.num_known_tensors()), tensors_.end());
  drop(scalars_.begin(), scalars_.end());
}

void Slots::wait_for(const mx::array& x) {
  if (!x.is_available()) {
    mx::eval(std::vector<mx::array>{x});
    ++host_syncs_;
  }
}

} // namespace voxtral_tts::mlx_delegate
