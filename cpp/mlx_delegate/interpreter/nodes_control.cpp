// Branches and loops over other chains, and what cannot run here.
#include <stdexcept>

#include "interpreter/interpreter.h"
#include "interpreter/node_helpers.h"

namespace voxtral_tts::mlx_delegate {

void run(const IfNode& node, Slots& slots) {
  const bool condition = slots.integer(node.cond) != 0;
  run_chain(
      slots.graph(),
      condition ? node.then_chain_idx : node.else_chain_idx,
      slots);
}

// Runs the body once for each step of `originals` along scan_axis; `outputs`
// are stacked there. What is carried from step to step stays in its slots.
void run(const ScanNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const std::vector<mx::array> originals = tensors(node.originals, slots);
  if (originals.empty() || node.sliced.size() != originals.size()) {
    throw std::invalid_argument("a scan needs a slot for each step's inputs");
  }
  const int axis = axis_of(node.scan_axis, originals[0]);
  const int steps = originals[0].shape(axis);
  for (const mx::array& x : originals) {
    if (x.shape(axis_of(node.scan_axis, x)) != steps) {
      throw std::invalid_argument("a scan over tensors of unequal length");
    }
  }
  if (steps == 0) {
    throw std::invalid_argument("a scan of no steps has no outputs");
  }
  slots.spend(
      static_cast<uint64_t>(steps) * (originals.size() + node.outputs.size()));
  std::vector<std::vector<mx::array>> outputs(node.outputs.size());
  for (int step = 0; step < steps; ++step) {
    for (size_t i = 0; i < originals.size(); ++i) {
      const int of = axis_of(node.scan_axis, originals[i]);
      slots.set(node.sliced[i], mx::take(originals[i], step, of, s));
    }
    run_chain(slots.graph(), static_cast<size_t>(node.body_chain_idx), slots);
    for (size_t i = 0; i < outputs.size(); ++i) {
      outputs[i].push_back(slots.tensor(node.outputs[i]));
    }
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    slots.set(node.outputs[i], mx::stack(outputs[i], node.scan_axis, s));
  }
}

void run(const MetalKernelNode& node, Slots&) {
  throw std::runtime_error(
      "MetalKernelNode '" + node.name + "' holds a program for Apple's GPUs");
}

} // namespace voxtral_tts::mlx_delegate
