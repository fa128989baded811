// Normalisation, rotary positions, softmax and attention.
#include <stdexcept>

#include "interpreter/node_helpers.h"
#include "kernels/sdpa.h"

namespace voxtral_tts::mlx_delegate {

// MLX computes both norms in float32 on every device.
void run(const RMSNormNode& node, Slots& slots) {
  slots.set(
      node.out,
      mx::fast::rms_norm(
          slots.tensor(node.x),
          slots.tensor(node.weight),
          node.eps,
          slots.stream()));
}

void run(const LayerNormNode& node, Slots& slots) {
  slots.set(
      node.out,
      mx::fast::layer_norm(
          slots.tensor(node.x),
          slots.tensor(node.weight),
          slots.tensor(node.bias),
          node.eps,
          slots.stream()));
}

void run(const RopeNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const std::optional<mx::array> freqs = slots.tensor(node.freqs);
  const std::optional<float> base =
      freqs ? std::nullopt : std::optional(node.base);
  const auto rope = [&](const auto& offset) {
    return mx::fast::rope(
        slots.tensor(node.x),
        node.dims,
        node.traditional,
        base,
        node.scale,
        offset,
        freqs,
        s);
  };
  if (node.offset.tid) {
    slots.set(
        node.out,
        rope(mx::astype(slots.tensor(*node.offset.tid), mx::int32, s)));
  } else {
    slots.set(node.out, rope(slots.integer32(IntOrVid{0, node.offset.vid})));
  }
}

// Always "precise": in bfloat16 MLX's CPU would sum 3072 exponentials to half
// of what they are. PyTorch, too, computes it in float32.
void run(const SoftmaxNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  slots.set(
      node.out,
      along_axis(
          slots.tensor(node.x),
          node.axis,
          s,
          [&](const mx::array& x, int axis) {
            return mx::softmax(x, axis, true, s);
          }));
}

// Grouped heads, and "causal" aligned at the lower right, are MLX's own. On
// the CPU it would copy the filled part of a cache and round the scores of
// 16-bit types; our kernel does neither.
void run(const SdpaNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const mx::array& q = slots.tensor(node.q);
  const mx::array& k = slots.tensor(node.k);
  const mx::array& v = slots.tensor(node.v);
  const mx::Dtype type = mx::result_type(q, k, v);
  const auto as = [&](const mx::array& x) { return mx::astype(x, type, s); };
  std::optional<mx::array> mask;
  if (node.mask && !node.causal) {
    mask = slots.tensor(*node.mask);
    if (mask->dtype() != mx::bool_) {
      mask = as(*mask); // MLX refuses a wider one
    }
  }
  if (on_cpu(slots)) {
    slots.set(
        node.out, sdpa(as(q), as(k), as(v), node.scale, mask, node.causal, s));
    return;
  }
  slots.set(
      node.out,
      mx::fast::scaled_dot_product_attention(
          as(q),
          as(k),
          as(v),
          node.scale,
          node.causal ? "causal" : (mask ? "array" : ""),
          mask,
          std::nullopt,
          false,
          s));
}

void run(const UpdateAndAttendNode&, Slots&) {
  throw std::runtime_error(
      "UpdateAndAttendNode needs a cache outside of the graph: export with a "
      "cache in the graph");
}

} // namespace voxtral_tts::mlx_delegate
