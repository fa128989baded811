// What several families of nodes share.
#pragma once

#include <vector>

#include <mlx/mlx.h>

#include "interpreter/slots.h"

namespace voxtral_tts::mlx_delegate {

inline bool on_cpu(const Slots& slots) {
  return slots.stream().device.type == mx::Device::DeviceType::cpu;
}

// float16 and bfloat16, in which MLX rounds some running sums.
inline bool is_half(mx::Dtype dtype) {
  return dtype == mx::float16 || dtype == mx::bfloat16;
}

// f(x) computed in float32 and rounded once, when x is of a 16-bit type.
template <typename Function>
mx::array in_float32(const mx::array& x, mx::Stream stream, Function f) {
  if (!is_half(x.dtype())) {
    return f(x);
  }
  return mx::astype(f(mx::astype(x, mx::float32, stream)), x.dtype(), stream);
}

// A 0-d array. Integer types take the value modulo their range, as PyTorch
// does, after it was brought into int64's.
mx::array scalar_array(double value, mx::Dtype dtype);

// `axis` counted from the front. Throws std::out_of_range.
int axis_of(int64_t axis, const mx::array& x);

// The axes a reduction runs over: none given means all.
std::vector<int> axes_of(const std::vector<int32_t>& axes, const mx::array& x);

// f(x, axis). PyTorch lets a 0-d tensor have an axis of one element.
template <typename Function>
mx::array along_axis(
    const mx::array& x, int32_t axis, mx::Stream stream, Function f) {
  if (x.ndim() > 0) {
    return f(x, axis_of(axis, x));
  }
  return mx::reshape(f(mx::reshape(x, {1}, stream), 0), {}, stream);
}

// Indices into an axis of `size` elements that MLX, which checks none, may
// read or write at. Those known on the host are checked: std::out_of_range.
// Others are clamped, since reading them would wait for the device.
enum class Negative { kFromTheEnd, kForbidden };
mx::array safe_indices(
    const mx::array& indices,
    int size,
    Slots& slots,
    Negative negative = Negative::kFromTheEnd);

inline std::vector<mx::array> tensors(
    const std::vector<Tid>& ids, const Slots& slots) {
  std::vector<mx::array> arrays;
  arrays.reserve(ids.size());
  for (const Tid id : ids) {
    arrays.push_back(slots.tensor(id));
  }
  return arrays;
}

} // namespace voxtral_tts::mlx_delegate
