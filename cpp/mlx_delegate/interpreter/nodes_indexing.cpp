// Reading and writing parts of tensors.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "interpreter/node_helpers.h"

namespace voxtral_tts::mlx_delegate {
namespace {

[[noreturn]] void throw_outside(const std::string& index, int size) {
  throw std::out_of_range(
      "index " + index + " into an axis of " + std::to_string(size) +
      " elements");
}

template <typename T>
void check_range(const mx::array& indices, int lowest, int size) {
  const T* values = indices.data<T>();
  for (size_t i = 0; i < indices.size(); ++i) {
    if (std::cmp_less(values[i], lowest) ||
        std::cmp_greater_equal(values[i], size)) {
      throw_outside(std::to_string(values[i]), size);
    }
  }
}

void check_range(const mx::array& indices, int lowest, int size) {
  switch (indices.dtype().val()) {
    case mx::Dtype::Val::uint8:
      return check_range<uint8_t>(indices, lowest, size);
    case mx::Dtype::Val::uint16:
      return check_range<uint16_t>(indices, lowest, size);
    case mx::Dtype::Val::uint32:
      return check_range<uint32_t>(indices, lowest, size);
    case mx::Dtype::Val::uint64:
      return check_range<uint64_t>(indices, lowest, size);
    case mx::Dtype::Val::int8:
      return check_range<signed char>(indices, lowest, size);
    case mx::Dtype::Val::int16:
      return check_range<int16_t>(indices, lowest, size);
    case mx::Dtype::Val::int32:
      return check_range<int32_t>(indices, lowest, size);
    default:
      return check_range<int64_t>(indices, lowest, size);
  }
}

} // namespace

mx::array safe_indices(
    const mx::array& indices, int size, Slots& slots, Negative negative) {
  const mx::Stream s = slots.stream();
  if (!mx::issubdtype(indices.dtype(), mx::integer)) {
    throw std::invalid_argument("indices are not integers");
  }
  if (indices.size() == 0) {
    return indices;
  }
  if (size <= 0) {
    throw std::out_of_range("an index into an empty axis");
  }
  const int lowest = negative == Negative::kFromTheEnd ? -size : 0;
  // On a GPU even a look at what is available may copy it.
  if (on_cpu(slots) && indices.is_available() &&
      indices.flags().row_contiguous) {
    check_range(indices, lowest, size);
    return indices;
  }
  // The bounds may not fit a narrower type.
  const mx::array wide = mx::size_of(indices.dtype()) < sizeof(int)
                             ? mx::astype(indices, mx::int32, s)
                             : indices;
  const mx::array highest(size - 1, wide.dtype());
  if (mx::issubdtype(wide.dtype(), mx::unsignedinteger)) {
    return mx::minimum(wide, highest, s);
  }
  return mx::clip(wide, mx::array(lowest, wide.dtype()), highest, s);
}

namespace {

// Bounds of a slice of an axis of `size` elements, as Python counts them.
struct Range {
  int start;
  int stop;

  int length(int step) const {
    return static_cast<int>((int64_t{stop} - start + step - 1) / step);
  }
};

Range clamped(int64_t start, int64_t stop, int size) {
  const auto clamp = [size](int64_t position) {
    const int64_t from_front = position < 0 ? position + size : position;
    return static_cast<int>(std::clamp<int64_t>(from_front, 0, size));
  };
  const int first = clamp(start);
  return {first, std::max(first, clamp(stop))};
}

// No step is longer than the axis, where MLX's sums of both would overflow.
int clamped_step(int step, int size) {
  return std::clamp(step, -std::max(size, 1), std::max(size, 1));
}

} // namespace

void run(const SliceNode& node, Slots& slots) {
  const mx::array& x = slots.tensor(node.x);
  const int axis = axis_of(slots.integer(node.axis), x);
  if (node.step == 0) {
    throw std::invalid_argument("slice with a step of 0");
  }
  mx::Shape start(x.ndim(), 0);
  mx::Shape stop = x.shape();
  mx::Shape step(x.ndim(), 1);
  step[axis] = clamped_step(node.step, x.shape(axis));
  if (node.step > 0) {
    const Range range = clamped(
        slots.integer(node.start), slots.integer(node.stop), x.shape(axis));
    start[axis] = range.start;
    stop[axis] = range.stop;
  } else { // MLX's own meaning: a stop below -size is before the first
    start[axis] = slots.integer32(node.start);
    stop[axis] = slots.integer32(node.stop);
  }
  slots.set(node.out, mx::slice(x, start, stop, step, slots.stream()));
}

// Where `out` is `dst`, setting it drops the last reference to the old value
// before anything is evaluated, so that MLX writes in place.
void run(const SliceUpdateNode& node, Slots& slots) {
  const mx::array& dst = slots.tensor(node.dst);
  const mx::array& update = slots.tensor(node.update);
  const int axis = axis_of(slots.integer(node.axis), dst);
  if (node.step <= 0) {
    throw std::invalid_argument("slice update with a step below 1");
  }
  const Range range = clamped(
      slots.integer(node.start), slots.integer(node.stop), dst.shape(axis));
  const int stride = clamped_step(node.step, dst.shape(axis));
  mx::Shape written = dst.shape();
  written[axis] = range.length(stride);
  // MLX would repeat an update of one element.
  if (update.shape() != written) {
    throw std::invalid_argument(
        "an update of " + std::to_string(update.size()) +
        " elements for elements " + std::to_string(slots.integer(node.start)) +
        " to " + std::to_string(slots.integer(node.stop)) + " of an axis of " +
        std::to_string(dst.shape(axis)));
  }
  if (update.size() == 0) {
    slots.set(node.out, dst);
    return;
  }
  mx::Shape start(dst.ndim(), 0);
  mx::Shape stop = dst.shape();
  mx::Shape step(dst.ndim(), 1);
  start[axis] = range.start;
  stop[axis] = range.stop;
  step[axis] = stride;
  slots.set(
      node.out,
      mx::slice_update(dst, update, start, stop, step, slots.stream()));
}

void run(const IndexCopyNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const mx::array& dst = slots.tensor(node.dst);
  const mx::array& update = slots.tensor(node.update);
  const mx::array& indices = slots.tensor(node.indices);
  const int axis = axis_of(node.axis, dst);
  mx::Shape written = dst.shape();
  written[axis] = static_cast<int>(indices.size());
  if (indices.ndim() > 1 || update.shape() != written) {
    throw std::invalid_argument(
        "an update of " + std::to_string(update.size()) + " elements for " +
        std::to_string(indices.size()) + " indices");
  }
  if (update.size() == 0) {
    slots.set(node.out, dst);
    return;
  }
  // MLX's scatter wants the indices' axis in front, and 1 in its place.
  const mx::array rows = mx::expand_dims(
      mx::moveaxis(mx::astype(update, dst.dtype(), s), axis, 0, s),
      axis + 1,
      s);
  const mx::array where = mx::flatten(
      safe_indices(indices, dst.shape(axis), slots, Negative::kForbidden), s);
  slots.set(node.out, mx::scatter(dst, where, rows, axis, s));
}

void run(const TakeNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const mx::array& x = slots.tensor(node.x);
  const int axis = axis_of(node.axis, x);
  const int size = x.shape(axis);
  if (node.index.tid) {
    const mx::array indices =
        safe_indices(slots.tensor(*node.index.tid), size, slots);
    slots.set(node.out, mx::take(x, indices, axis, s));
    return;
  }
  const int64_t index =
      slots.integer(IntOrVid{node.index.literal, node.index.vid});
  if (index < -static_cast<int64_t>(size) || index >= size) {
    throw_outside(std::to_string(index), size);
  }
  // MLX would slice [-1, 0).
  const int from_front = static_cast<int>(index < 0 ? index + size : index);
  slots.set(node.out, mx::take(x, from_front, axis, s));
}

void run(const TakeAlongAxisNode& node, Slots& slots) {
  const mx::array& x = slots.tensor(node.x);
  const int axis = axis_of(node.axis, x);
  const mx::array indices =
      safe_indices(slots.tensor(node.indices), x.shape(axis), slots);
  slots.set(node.out, mx::take_along_axis(x, indices, axis, slots.stream()));
}

void run(const GatherNode& node, Slots& slots) {
  const mx::array& x = slots.tensor(node.x);
  if (node.axes.size() != node.indices.size() ||
      node.slice_sizes.size() != x.ndim()) {
    throw std::invalid_argument(
        "gather needs an axis for each index and a size for each axis");
  }
  std::vector<int> axes;
  std::vector<mx::array> indices;
  for (size_t i = 0; i < node.axes.size(); ++i) {
    const int axis = axis_of(node.axes[i], x);
    const int size = node.slice_sizes[axis];
    if (size < 0) {
      throw std::invalid_argument("gather of slices of a negative size");
    }
    // Where a slice of `size` may start; -1 would start one too late.
    indices.push_back(safe_indices(
        slots.tensor(node.indices[i]),
        x.shape(axis) - size + 1,
        slots,
        size == 1 ? Negative::kFromTheEnd : Negative::kForbidden));
    axes.push_back(axis);
  }
  slots.set(
      node.out,
      mx::gather(
          x,
          indices,
          axes,
          mx::Shape(node.slice_sizes.begin(), node.slice_sizes.end()),
          slots.stream()));
}

// out = x, and out[.., indices[p], ..] += updates[p] for each position p of
// `indices`. As in PyTorch, these may be fewer than those of x and updates.
void run(const ScatterAddNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const mx::array& x = slots.tensor(node.x);
  const mx::array& indices = slots.tensor(node.indices);
  const int axis = axis_of(node.axis, x);
  if (indices.size() == 0) {
    slots.set(node.out, x);
    return;
  }
  if (indices.ndim() != x.ndim()) {
    throw std::invalid_argument("scatter_add of other dimensions than x's");
  }
  const mx::Shape zeros(x.ndim(), 0);
  mx::Shape touched = indices.shape();
  touched[axis] = x.shape(axis);
  const mx::array updates = mx::astype(
      mx::slice(slots.tensor(node.updates), zeros, indices.shape(), s),
      x.dtype(),
      s);
  const mx::array sums = mx::scatter_add_axis(
      touched == x.shape() ? x : mx::slice(x, zeros, touched, s),
      safe_indices(indices, x.shape(axis), slots, Negative::kForbidden),
      updates,
      axis,
      s);
  slots.set(
      node.out,
      touched == x.shape() ? sums
                           : mx::slice_update(x, sums, zeros, touched, s));
}

} // namespace voxtral_tts::mlx_delegate
