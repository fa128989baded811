// A loaded program: what one delegate handle of ExecuTorch is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <executorch/runtime/core/evalue.h>
#include <executorch/runtime/core/named_data_map.h>
#include <executorch/runtime/core/span.h>

#include "graph/graph.h"
#include "interpreter/slots.h"

namespace voxtral_tts::mlx_delegate {

// Not thread-safe: see lock_mlx(). It may be loaded in one thread and run in
// another. Throws PayloadError, BackendError or what MLX throws.
class Program {
 public:
  struct Options {
    mx::Device device = mx::Device::cpu;
    // Off: buffers are empty until the program writes them.
    bool zero_mutable_buffers = true;
  };

  // Decodes, loads constants, zeroes mutable buffers, runs the init chain.
  Program(
      std::span<const std::byte> payload,
      const executorch::runtime::NamedDataMap* names,
      const Options& options);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // `args` are the inputs, then the outputs. When it throws, mutable buffers
  // that this call may have changed are zero again.
  void execute(executorch::runtime::Span<executorch::runtime::EValue*> args);

  // How often a value was waited for.
  int64_t host_syncs() const {
    return slots_.host_syncs();
  }
  // For tests: where a constant or mutable buffer lies.
  const void* data(Tid id) const {
    return slots_.tensor(id).data<char>();
  }
  const Graph& graph() const {
    return graph_;
  }

 private:
  void run(executorch::runtime::Span<executorch::runtime::EValue*> args);
  void bind_input(const SlotRef& slot, const executorch::runtime::EValue& arg);
  void zero(Tid buffer);
  void run_init_chain();
  void check_constants() const;

  const Graph graph_;
  const Options options_;
  Slots slots_;
};

} // namespace voxtral_tts::mlx_delegate
