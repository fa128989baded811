// Shapes, layouts, types, joining and splitting.
#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "interpreter/node_helpers.h"

namespace voxtral_tts::mlx_delegate {

int axis_of(int64_t axis, const mx::array& x) {
  const int64_t rank = static_cast<int64_t>(x.ndim());
  if (axis < -rank || axis >= rank) {
    throw std::out_of_range(
        "axis " + std::to_string(axis) + " of a tensor of " +
        std::to_string(rank) + " dimensions");
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

void run(const NoopNode&, Slots&) {
}

void run(const IdCopyNode& node, Slots& slots) {
  slots.set(node.out, slots.tensor(node.x));
}

void run(const AsTypeNode& node, Slots& slots) {
  slots.set(
      node.out,
      mx::astype(
          slots.tensor(node.x), dtype_of(node.scalar_type), slots.stream()));
}

void run(const ContiguousNode& node, Slots& slots) {
  slots.set(
      node.out, mx::contiguous(slots.tensor(node.x), false, slots.stream()));
}

void run(const ExpandDimsNode& node, Slots& slots) {
  slots.set(
      node.out,
      mx::expand_dims(slots.tensor(node.x), node.axis, slots.stream()));
}

// Axes that do not have one element stay, as PyTorch's squeeze does it.
void run(const SqueezeNode& node, Slots& slots) {
  const mx::array& x = slots.tensor(node.x);
  std::vector<int> axes;
  for (const int axis : axes_of(node.dims, x)) {
    if (x.shape(axis) == 1) {
      axes.push_back(axis);
    }
  }
  slots.set(node.out, mx::squeeze(x, axes, slots.stream()));
}

void run(const ReshapeNode& node, Slots& slots) {
  slots.set(
      node.out,
      mx::reshape(
          slots.tensor(node.x), slots.shape(node.shape), slots.stream()));
}

void run(const TransposeNode& node, Slots& slots) {
  slots.set(
      node.out,
      mx::transpose(
          slots.tensor(node.x),
          std::vector<int>(node.perm.begin(), node.perm.end()),
          slots.stream()));
}

// -1 keeps the size of x, as in PyTorch's expand.
void run(const BroadcastToNode& node, Slots& slots) {
  const mx::array& x = slots.tensor(node.x);
  mx::Shape shape = slots.shape(node.shape);
  const size_t added = shape.size() - std::min(x.ndim(), shape.size());
  for (size_t i = added; i < shape.size(); ++i) {
    if (shape[i] == -1) {
      shape[i] = x.shape(static_cast<int>(i - added));
    }
  }
  slots.set(node.out, mx::broadcast_to(x, shape, slots.stream()));
}

void run(const TileNode& node, Slots& slots) {
  const mx::Shape reps = slots.shape(node.reps);
  slots.set(
      node.out,
      mx::tile(
          slots.tensor(node.x),
          std::vector<int>(reps.begin(), reps.end()),
          slots.stream()));
}

void run(const RepeatNode& node, Slots& slots) {
  slots.set(
      node.out,
      mx::repeat(
          slots.tensor(node.x),
          slots.integer32(node.repeats),
          node.axis,
          slots.stream()));
}

void run(const ConcatenateNode& node, Slots& slots) {
  slots.set(
      node.out,
      mx::concatenate(tensors(node.tensors, slots), node.axis, slots.stream()));
}

void run(const StackNode& node, Slots& slots) {
  slots.set(
      node.out,
      mx::stack(tensors(node.tensors, slots), node.axis, slots.stream()));
}

void run(const FlipNode& node, Slots& slots) {
  slots.set(
      node.out,
      mx::flip(
          slots.tensor(node.x),
          std::vector<int>(node.axes.begin(), node.axes.end()),
          slots.stream()));
}

void run(const RollNode& node, Slots& slots) {
  if (node.shift.size() != node.axes.size()) {
    throw std::invalid_argument("roll needs one shift for each axis");
  }
  slots.set(
      node.out,
      mx::roll(
          slots.tensor(node.x),
          slots.shape(node.shift),
          std::vector<int>(node.axes.begin(), node.axes.end()),
          slots.stream()));
}

namespace {

// One size is that of all chunks but the last, which may be shorter.
std::vector<int64_t> chunk_sizes(
    const SplitNode& node, int64_t length, const Slots& slots) {
  std::vector<int64_t> sizes;
  for (const IntOrVid& size : node.sizes) {
    sizes.push_back(slots.integer(size));
    if (sizes.back() < 0) {
      throw std::invalid_argument("split into a negative size");
    }
  }
  if (sizes.size() != 1) {
    return sizes;
  }
  const int64_t chunk = sizes[0];
  sizes.clear();
  for (size_t i = 0; i < node.outs.size(); ++i) {
    sizes.push_back(std::min(chunk, length));
    length -= sizes.back();
  }
  return sizes;
}

} // namespace

void run(const SplitNode& node, Slots& slots) {
  const mx::array x = slots.tensor(node.x);
  const int axis = axis_of(node.axis, x);
  const std::vector<int64_t> sizes = chunk_sizes(node, x.shape(axis), slots);
  const int64_t sum = std::accumulate(sizes.begin(), sizes.end(), int64_t{0});
  if (sizes.size() != node.outs.size() || sum != x.shape(axis)) {
    throw std::invalid_argument(
        std::to_string(node.outs.size()) + " pieces of " + std::to_string(sum) +
        " elements in all, of an axis of " + std::to_string(x.shape(axis)));
  }
  mx::Shape start(x.ndim(), 0);
  mx::Shape stop = x.shape();
  for (size_t i = 0; i < sizes.size(); ++i) {
    stop[axis] = start[axis] + static_cast<int>(sizes[i]);
    slots.set(node.outs[i], mx::slice(x, start, stop, slots.stream()));
    start[axis] = stop[axis];
  }
}

// A negative width crops, as PyTorch's pad does.
void run(const PadNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  mx::array x = slots.tensor(node.x);
  const mx::Shape widths = slots.shape(node.pad_width);
  if (widths.size() != 2 * x.ndim()) {
    throw std::invalid_argument("pad needs two widths for each axis");
  }
  if (node.mode != "constant" && node.mode != "edge") {
    throw std::invalid_argument("pad has no mode '" + node.mode + "'");
  }
  mx::Shape start(x.ndim(), 0);
  mx::Shape stop = x.shape();
  std::vector<std::pair<int, int>> padding;
  for (int i = 0; i < static_cast<int>(x.ndim()); ++i) {
    const auto [before, after] = std::pair(widths[2 * i], widths[2 * i + 1]);
    const int64_t cropped = -std::min<int64_t>(before, 0);
    start[i] = static_cast<int>(std::min<int64_t>(cropped, x.shape(i)));
    stop[i] = std::max(x.shape(i) + std::min(after, 0), start[i]);
    padding.emplace_back(std::max(before, 0), std::max(after, 0));
  }
  if (stop != x.shape() || start != mx::Shape(x.ndim(), 0)) {
    x = mx::slice(x, start, stop, s);
  }
  const mx::array value = scalar_array(node.constant_value, x.dtype());
  slots.set(node.out, mx::pad(x, padding, value, node.mode, s));
}

namespace {

// Throws unless every element of the view lies in [0, count): MLX does not
// check. The products are those of an int and an int64: 128 bits hold them.
void check_view(
    const mx::Shape& shape,
    const mx::Strides& strides,
    uint64_t offset,
    size_t count) {
  __extension__ using Wide = __int128;
  Wide first = offset;
  Wide last = offset;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0) {
      throw std::invalid_argument("as_strided with a negative size");
    }
    if (shape[i] == 0) {
      return; // no element
    }
    const Wide reach = static_cast<Wide>(shape[i] - 1) * strides[i];
    (reach < 0 ? first : last) += reach;
  }
  if (first < 0 || last >= static_cast<Wide>(count)) {
    throw std::out_of_range(
        "as_strided reaches outside of its " + std::to_string(count) +
        " elements");
  }
}

} // namespace

void run(const AsStridedNode& node, Slots& slots) {
  const mx::array& x = slots.tensor(node.x);
  const mx::Shape shape = slots.shape(node.shape);
  mx::Strides strides;
  for (const IntOrVid& stride : node.strides) {
    strides.push_back(slots.integer(stride));
  }
  if (strides.size() != shape.size()) {
    throw std::invalid_argument("as_strided needs one stride for each axis");
  }
  check_view(shape, strides, node.offset, x.size());
  slots.set(
      node.out, mx::as_strided(x, shape, strides, node.offset, slots.stream()));
}

} // namespace voxtral_tts::mlx_delegate
