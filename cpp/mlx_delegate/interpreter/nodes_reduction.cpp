// Sums, extrema and other reductions, and running sums.
#include <numeric>

#include "interpreter/node_helpers.h"

namespace voxtral_tts::mlx_delegate {

std::vector<int> axes_of(const std::vector<int32_t>& axes, const mx::array& x) {
  std::vector<int> result;
  if (axes.empty()) {
    result.resize(x.ndim());
    std::iota(result.begin(), result.end(), 0);
  } else if (x.ndim() > 0) { // a 0-d tensor has nothing to reduce
    for (const int32_t axis : axes) {
      result.push_back(axis_of(axis, x));
    }
  }
  return result;
}

namespace {

// PyTorch's sums and products of integers are int64; MLX's keep the type.
mx::array widened(const mx::array& x, mx::Stream s) {
  return mx::issubdtype(x.dtype(), mx::inexact) ? x
                                                : mx::astype(x, mx::int64, s);
}

} // namespace

#define REDUCTION(Type, op)                                               \
  void run(const Type& node, Slots& slots) {                              \
    const mx::array& x = slots.tensor(node.x);                            \
    slots.set(                                                            \
        node.out,                                                         \
        mx::op(x, axes_of(node.axes, x), node.keepdims, slots.stream())); \
  }

REDUCTION(MaxNode, max)
REDUCTION(MinNode, min)
REDUCTION(AnyNode, any)
REDUCTION(AllNode, all)

#undef REDUCTION

// Of 16-bit types: a mean's sum overflows float16, as does that of a median's
// two middles; a product's roundings add up (1.9 % over 64 bfloat16 factors).
#define REDUCTION_IN_FLOAT32(Type, op, ...)                           \
  void run(const Type& node, Slots& slots) {                          \
    const mx::Stream s = slots.stream();                              \
    const auto reduce = [&](const mx::array& x) {                     \
      return mx::op(                                                  \
          x,                                                          \
          axes_of(node.axes, x),                                      \
          node.keepdims __VA_OPT__(, ) __VA_ARGS__,                   \
          s);                                                         \
    };                                                                \
    slots.set(node.out, in_float32(slots.tensor(node.x), s, reduce)); \
  }

REDUCTION_IN_FLOAT32(MeanNode, mean)
REDUCTION_IN_FLOAT32(MedianNode, median)
REDUCTION_IN_FLOAT32(LogSumExpNode, logsumexp)
REDUCTION_IN_FLOAT32(VarNode, var, node.ddof)
REDUCTION_IN_FLOAT32(StdNode, std, node.ddof)

#undef REDUCTION_IN_FLOAT32

void run(const SumNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const mx::array x = widened(slots.tensor(node.x), s);
  slots.set(node.out, mx::sum(x, axes_of(node.axes, x), node.keepdims, s));
}

void run(const ProdNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const mx::array x = widened(slots.tensor(node.x), s);
  slots.set(node.out, in_float32(x, s, [&](const mx::array& factors) {
              return mx::prod(
                  factors, axes_of(node.axes, factors), node.keepdims, s);
            }));
}

// In bfloat16 a running sum of 3072 numbers ends 56 % wrong.
void run(const CumsumNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const mx::array x = widened(slots.tensor(node.x), s);
  slots.set(node.out, in_float32(x, s, [&](const mx::array& terms) {
              return along_axis(
                  terms, node.axis, s, [&](const mx::array& t, int axis) {
                    return mx::cumsum(t, axis, node.reverse, node.inclusive, s);
                  });
            }));
}

// Positions stay uint32, as in ExecuTorch's own delegate: a program that needs
// numbers below zero casts by itself, or is wrong there as well.
#define ARG_REDUCTION(Type, op)                                              \
  void run(const Type& node, Slots& slots) {                                 \
    const mx::Stream s = slots.stream();                                     \
    const auto position = [&](const mx::array& x, int axis) {                \
      return mx::op(x, axis, node.keepdims, s);                              \
    };                                                                       \
    slots.set(                                                               \
        node.out, along_axis(slots.tensor(node.x), node.axis, s, position)); \
  }

ARG_REDUCTION(ArgmaxNode, argmax)
ARG_REDUCTION(ArgminNode, argmin)

#undef ARG_REDUCTION

} // namespace voxtral_tts::mlx_delegate
