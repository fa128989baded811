// Sorting and partitioning along an axis.
#include "interpreter/node_helpers.h"

namespace voxtral_tts::mlx_delegate {

void run(const SortNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const auto sort = [&](const mx::array& x, int axis) {
    return mx::sort(x, axis, s);
  };
  slots.set(node.out, along_axis(slots.tensor(node.x), node.axis, s, sort));
}

// Positions stay uint32, as those of nodes_reduction.cpp.
void run(const ArgsortNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const auto argsort = [&](const mx::array& x, int axis) {
    return mx::argsort(x, axis, s);
  };
  slots.set(node.out, along_axis(slots.tensor(node.x), node.axis, s, argsort));
}

void run(const PartitionNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const int kth = slots.integer32(node.kth);
  const auto partition = [&](const mx::array& x, int axis) {
    return mx::partition(x, kth, axis, s);
  };
  slots.set(
      node.out, along_axis(slots.tensor(node.x), node.axis, s, partition));
}

void run(const ArgPartitionNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const int kth = slots.integer32(node.kth);
  const auto argpartition = [&](const mx::array& x, int axis) {
    return mx::argpartition(x, kth, axis, s);
  };
  slots.set(
      node.out, along_axis(slots.tensor(node.x), node.axis, s, argpartition));
}

} // namespace voxtral_tts::mlx_delegate
