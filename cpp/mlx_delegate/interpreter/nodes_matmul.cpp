// Matrix products, dense and quantised.
//
// MLX's CPU kernels for quantised weights accumulate in the activations' type:
// bfloat16 loses 6 % in 3072 terms. There, and where it knows float32 only, the
// operands are cast up and the result back.
#include <stdexcept>
#include <string>

#include "interpreter/node_helpers.h"
#include "kernels/matmul.h"

namespace voxtral_tts::mlx_delegate {
namespace {

mx::array scaled(const mx::array& x, float factor, mx::Stream s) {
  return factor == 1 ? x : mx::multiply(mx::array(factor, x.dtype()), x, s);
}

bool suits_own_matmul(const mx::array& a, const mx::array& b) {
  return a.ndim() >= 2 && b.ndim() >= 2 && a.dtype() == b.dtype() &&
         (a.dtype() == mx::float32 || is_half(a.dtype())) && a.size() > 0 &&
         b.size() > 0;
}

mx::array product(const mx::array& a, const mx::array& b, Slots& slots) {
  return on_cpu(slots) && suits_own_matmul(a, b)
             ? mlx_delegate::matmul(a, b, slots.stream())
             : mx::matmul(a, b, slots.stream());
}

} // namespace

// alpha mat1 mat2 + beta bias
void run(const AddmmNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const mx::array& a = slots.tensor(node.mat1);
  const mx::array& b = slots.tensor(node.mat2);
  // PyTorch does not read a bias that counts for nothing.
  const bool biased = node.bias && node.beta != 0;
  if (biased && !on_cpu(slots)) {
    const mx::array& bias = slots.tensor(*node.bias);
    slots.set(node.out, mx::addmm(bias, a, b, node.alpha, node.beta, s));
    return;
  }
  mx::array result = scaled(product(a, b, slots), node.alpha, s);
  if (biased) {
    result = mx::add(result, scaled(slots.tensor(*node.bias), node.beta, s), s);
  }
  slots.set(node.out, std::move(result));
}

namespace {

// MLX divides by some of these: an integer division by zero ends the process,
// as do memory that was not there and what BLAS refuses. What its thread throws
// does not: it is thrown again by whoever waits for the stream.
void check_quantization(
    const std::string& mode, int group_size, int bits, bool biased) {
  struct Known {
    const char* mode;
    int group_size;
    int bits;
  };
  static constexpr Known kFloating[] = {
      {"nvfp4", 16, 4}, {"mxfp4", 32, 4}, {"mxfp8", 32, 8}};
  bool known = mode == "affine" && biased &&
               (group_size == 32 || group_size == 64 || group_size == 128) &&
               ((bits >= 2 && bits <= 6) || bits == 8);
  for (const Known& format : kFloating) {
    known = known || (mode == format.mode && group_size == format.group_size &&
                      bits == format.bits && !biased);
  }
  if (!known) {
    throw std::invalid_argument(
        "no quantised format '" + mode + "' of " + std::to_string(bits) +
        " bits in groups of " + std::to_string(group_size) +
        (biased ? " with biases" : " without biases"));
  }
}

// Scales and biases of affine formats; those of the others are bytes.
std::optional<mx::array> widened(
    const std::optional<mx::array>& x, mx::Stream s) {
  if (!x || !is_half(x->dtype())) {
    return x;
  }
  return mx::astype(*x, mx::float32, s);
}

// MLX's kernels divide by the sizes of their operands. It has checked these
// when it made `product`, which is dropped unevaluated where one is empty.
mx::array zeros_if_empty(
    const mx::array& product, const mx::array& x, Slots& slots) {
  return product.size() > 0 && x.size() > 0
             ? product
             : mx::zeros(product.shape(), product.dtype(), slots.stream());
}

} // namespace

void run(const QuantizedMatmulNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const mx::array& x = slots.tensor(node.x);
  const mx::array& w = slots.tensor(node.w);
  const mx::array& scales = slots.tensor(node.scales);
  const std::optional<mx::array> biases = slots.tensor(node.biases);
  check_quantization(node.mode, node.group_size, node.bits, biases.has_value());

  if (on_cpu(slots) && biases && node.transpose &&
      supports_quantized_matmul(x, w, node.group_size, node.bits)) {
    slots.set(
        node.out,
        mlx_delegate::quantized_matmul(
            x, w, scales, *biases, node.group_size, node.bits, s));
    return;
  }
  const bool wide = on_cpu(slots);
  const mx::array result = mx::quantized_matmul(
      wide ? *widened(x, s) : x,
      w,
      wide ? *widened(scales, s) : scales,
      wide ? widened(biases, s) : biases,
      node.transpose,
      node.group_size,
      node.bits,
      node.mode,
      s);
  slots.set(
      node.out, mx::astype(zeros_if_empty(result, x, slots), x.dtype(), s));
}

void run(const DequantizeNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const mx::array& w = slots.tensor(node.w);
  const mx::array& scales = slots.tensor(node.scales);
  const std::optional<mx::array> biases = slots.tensor(node.biases);
  check_quantization(node.mode, node.group_size, node.bits, biases.has_value());
  std::optional<mx::Dtype> dtype;
  if (node.dtype) {
    dtype = dtype_of(*node.dtype);
  } else if (biases) {
    dtype = scales.dtype();
  }
  // Rounded once, where MLX rounds the product and the sum.
  const bool wide = on_cpu(slots) && biases;
  mx::array result = mx::dequantize(
      w,
      wide ? *widened(scales, s) : scales,
      wide ? widened(biases, s) : biases,
      node.group_size,
      node.bits,
      node.mode,
      slots.tensor(node.global_scale),
      wide ? std::nullopt : dtype,
      s);
  slots.set(node.out, dtype ? mx::astype(result, *dtype, s) : result);
}

namespace {

// How many matrices x holds.
int batch_size(const mx::array& x) {
  if (x.ndim() < 2) {
    throw std::invalid_argument("a gathered product of vectors");
  }
  int count = 1;
  for (size_t i = 0; i + 2 < x.ndim(); ++i) {
    count *= x.shape(static_cast<int>(i));
  }
  return count;
}

std::optional<mx::array> matrix_indices(
    const std::optional<Tid>& indices, const mx::array& x, Slots& slots) {
  if (!indices) {
    return std::nullopt;
  }
  return safe_indices(
      slots.tensor(*indices), batch_size(x), slots, Negative::kForbidden);
}

template <typename GatherNode>
bool are_indices_sorted(const GatherNode& node, const Slots& slots) {
  return node.sorted_indices_flag
             ? slots.integer(*node.sorted_indices_flag) != 0
             : node.sorted_indices;
}

} // namespace

void run(const GatherMmNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const mx::array& a = slots.tensor(node.a);
  const mx::array& b = slots.tensor(node.b);
  const bool wide = on_cpu(slots);
  const mx::array result = mx::gather_mm(
      wide ? *widened(a, s) : a,
      wide ? *widened(b, s) : b,
      matrix_indices(node.lhs_indices, a, slots),
      matrix_indices(node.rhs_indices, b, slots),
      are_indices_sorted(node, slots),
      s);
  slots.set(node.out, mx::astype(result, mx::result_type(a, b), s));
}

// MLX 0.32.2, which a Mac runs, has no scale of all weights in gather_qmm.
template <typename Function>
constexpr size_t kParameters = 0;
template <typename... Parameters>
constexpr size_t kParameters<mx::array (*)(Parameters...)> =
    sizeof...(Parameters);

void run(const GatherQmmNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const mx::array& x = slots.tensor(node.x);
  const mx::array& w = slots.tensor(node.w);
  const mx::array& scales = slots.tensor(node.scales);
  const std::optional<mx::array> biases = slots.tensor(node.biases);
  check_quantization(node.mode, node.group_size, node.bits, biases.has_value());
  const bool wide = on_cpu(slots);
  const auto gather = [&](auto gather_qmm) {
    const auto product = [&](const auto&... global_scale) {
      return gather_qmm(
          wide ? *widened(x, s) : x,
          w,
          wide ? *widened(scales, s) : scales,
          wide ? widened(biases, s) : biases,
          matrix_indices(node.lhs_indices, x, slots),
          matrix_indices(node.rhs_indices, w, slots),
          node.transpose,
          node.group_size,
          node.bits,
          node.mode,
          global_scale...,
          are_indices_sorted(node, slots),
          s);
    };
    if constexpr (kParameters<decltype(gather_qmm)> == 12) {
      return product();
    } else {
      return product(std::nullopt);
    }
  };
  const mx::array result = gather(&mx::gather_qmm);
  slots.set(
      node.out, mx::astype(zeros_if_empty(result, x, slots), x.dtype(), s));
}

} // namespace voxtral_tts::mlx_delegate
