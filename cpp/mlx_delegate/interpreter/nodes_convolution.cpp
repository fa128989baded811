// Convolutions over [N, spatial.., C] with weights [O, kernel.., C / groups].
#include <stdexcept>

#include "interpreter/node_helpers.h"

namespace voxtral_tts::mlx_delegate {
namespace {

// MLX divides by these, or gives them to BLAS, which ends the process.
template <typename ConvNode>
void check(const ConvNode& node, const Slots& slots) {
  const mx::array& x = slots.tensor(node.x);
  const mx::array& w = slots.tensor(node.w);
  if (node.groups < 1) {
    throw std::invalid_argument("a convolution of less than one group");
  }
  if (w.size() == 0 || x.ndim() == 0 || x.shape(-1) == 0) {
    throw std::invalid_argument("a convolution without weights or channels");
  }
}

} // namespace

void run(const Conv1DNode& node, Slots& slots) {
  check(node, slots);
  slots.set(
      node.out,
      mx::conv1d(
          slots.tensor(node.x),
          slots.tensor(node.w),
          node.stride,
          node.padding,
          node.dilation,
          node.groups,
          slots.stream()));
}

void run(const Conv2DNode& node, Slots& slots) {
  check(node, slots);
  slots.set(
      node.out,
      mx::conv2d(
          slots.tensor(node.x),
          slots.tensor(node.w),
          {node.stride_h, node.stride_w},
          {node.padding_h, node.padding_w},
          {node.dilation_h, node.dilation_w},
          node.groups,
          slots.stream()));
}

void run(const Conv3DNode& node, Slots& slots) {
  check(node, slots);
  slots.set(
      node.out,
      mx::conv3d(
          slots.tensor(node.x),
          slots.tensor(node.w),
          {node.stride_d, node.stride_h, node.stride_w},
          {node.padding_d, node.padding_h, node.padding_w},
          {node.dilation_d, node.dilation_h, node.dilation_w},
          node.groups,
          slots.stream()));
}

void run(const ConvTranspose1DNode& node, Slots& slots) {
  check(node, slots);
  slots.set(
      node.out,
      mx::conv_transpose1d(
          slots.tensor(node.x),
          slots.tensor(node.w),
          node.stride,
          node.padding,
          node.dilation,
          node.output_padding,
          node.groups,
          slots.stream()));
}

void run(const ConvTranspose2DNode& node, Slots& slots) {
  check(node, slots);
  slots.set(
      node.out,
      mx::conv_transpose2d(
          slots.tensor(node.x),
          slots.tensor(node.w),
          {node.stride_h, node.stride_w},
          {node.padding_h, node.padding_w},
          {node.dilation_h, node.dilation_w},
          {node.output_padding_h, node.output_padding_w},
          node.groups,
          slots.stream()));
}

void run(const ConvTranspose3DNode& node, Slots& slots) {
  check(node, slots);
  slots.set(
      node.out,
      mx::conv_transpose3d(
          slots.tensor(node.x),
          slots.tensor(node.w),
          {node.stride_d, node.stride_h, node.stride_w},
          {node.padding_d, node.padding_h, node.padding_w},
          {node.dilation_d, node.dilation_h, node.dilation_w},
          {node.output_padding_d, node.output_padding_h, node.output_padding_w},
          node.groups,
          slots.stream()));
}

} // namespace voxtral_tts::mlx_delegate
