#include "interpreter/slots.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include <unistd.h>

#include <executorch/runtime/core/portable_type/scalar_type.h>

namespace voxtral_tts::mlx_delegate {
namespace {

constexpr size_t kMaxTensorBytes = size_t{16} << 30;
constexpr uint64_t kMaxNodesPerCall = 10'000'000;

[[noreturn]] void fail(const char* kind, uint32_t idx, const char* problem) {
  throw std::runtime_error(
      std::string(kind) + " " + std::to_string(idx) + " " + problem);
}

bool is_persistent(const Graph& graph, Tid id) {
  return id.idx < graph.num_constants ||
         (id.idx >= graph.first_mutable_buffer() &&
          id.idx < graph.num_known_tensors());
}

// The shape is known before anything is evaluated. A product of integers may
// overflow, as nbytes() does.
void check_size(const mx::array& x) {
  double bytes = static_cast<double>(x.itemsize());
  for (const auto size : x.shape()) {
    bytes *= size;
  }
  if (bytes > static_cast<double>(max_tensor_bytes())) {
    throw std::length_error(
        "a tensor of " + std::to_string(bytes / (1 << 30)) + " GiB");
  }
}

} // namespace

size_t max_tensor_bytes() {
  static const size_t bytes = [] {
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page_size = sysconf(_SC_PAGESIZE);
    return pages <= 0 || page_size <= 0
               ? kMaxTensorBytes
               : std::min(
                     kMaxTensorBytes,
                     static_cast<size_t>(pages) *
                         static_cast<size_t>(page_size));
  }();
  return bytes;
}

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

void Slots::set(Tid id, mx::array value) {
  check_size(value);
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
  spent_ = 0;
}

void Slots::spend(uint64_t nodes) {
  spent_ += nodes;
  if (spent_ > kMaxNodesPerCall) {
    throw std::runtime_error(
        "a call runs more than " + std::to_string(kMaxNodesPerCall) + " nodes");
  }
}

void Slots::evaluate(const std::vector<mx::array>& arrays) {
  // When it throws, MLX 0.32.4 has waited for what it began; synchronize()
  // would wait for ever. `arrays` keep the memory until then.
  mx::eval(arrays);
  ++host_syncs_;
}

void Slots::wait_for(const mx::array& x) {
  if (!x.is_available()) {
    evaluate({x});
  }
}

} // namespace voxtral_tts::mlx_delegate
