// What a running program reads and writes: tensors and scalars by slot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include <mlx/mlx.h>

#include "graph/graph.h"
#include "graph/ids.h"

namespace voxtral_tts::mlx_delegate {

namespace mx = mlx::core;

using Scalar = std::variant<int64_t, double, bool>;

// MLX's type for ExecuTorch's ScalarType, as the payload's int8 fields have it.
mx::Dtype dtype_of(int8_t scalar_type);

// Larger tensors are refused: MLX does not survive that there is no memory.
size_t max_tensor_bytes();

// One per loaded program; not thread-safe. Slot numbers were checked against
// the graph when it was read; every method throws std::runtime_error for a slot
// that was not written yet, or that holds another kind of scalar.
class Slots {
 public:
  Slots(const Graph& graph, mx::Stream stream);

  const mx::array& tensor(Tid id) const;
  std::optional<mx::array> tensor(const std::optional<Tid>& id) const;
  // Throws std::length_error when `value` needs more than max_tensor_bytes().
  void set(Tid id, mx::array value);

  int64_t integer(const IntOrVid& value) const;
  int integer32(const IntOrVid& value) const; // throws when it does not fit
  double real(const FloatOrVid& value) const;
  mx::Shape shape(const std::vector<IntOrVid>& sizes) const;
  const Scalar& scalar(Vid id) const;
  void set(Vid id, Scalar value);

  // Drops temporaries, inputs, outputs, scalars and what was spent; constants
  // and mutable buffers stay.
  void clear_call();
  // Constants and mutable buffers that were set, maybe more than once.
  const std::vector<Tid>& changed() const {
    return changed_;
  }
  void clear_changed() {
    changed_.clear();
  }
  bool has(Tid id) const;

  const Graph& graph() const {
    return graph_;
  }
  mx::Stream stream() const {
    return stream_;
  }
  // Charges for `nodes` that are about to run. Throws std::runtime_error when
  // one call runs more than 10 million: branches and loops multiply.
  void spend(uint64_t nodes);
  // Evaluates `arrays`, and counts that. When it throws, MLX's thread is done
  // with the memory of all that `arrays` keep alive.
  void evaluate(const std::vector<mx::array>& arrays);
  // Evaluates `x` if it is not available yet.
  void wait_for(const mx::array& x);
  int64_t host_syncs() const {
    return host_syncs_;
  }

 private:
  const Graph& graph_;
  mx::Stream stream_;
  std::vector<std::optional<mx::array>> tensors_;
  std::vector<std::optional<Scalar>> scalars_;
  std::vector<Tid> changed_;
  uint64_t spent_ = 0;
  int64_t host_syncs_ = 0;
};

} // namespace voxtral_tts::mlx_delegate
