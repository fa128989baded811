// How x is laid out for one level's kernels. See loops.h.
#pragma once

#include "kernels/dense.h"
#include "kernels/quantized.h"

namespace voxtral_tts::mlx_delegate {
namespace {

// A level L: Vector, kBfloat16Dot (bfloat16 products summed in float32) and the
// formats DenseHalves and QuantizedHalves<bits>.
template <class L>
bool multiplies_halves(const Product& product) {
  return L::kBfloat16Dot && product.type == Element::kBfloat16 &&
         product.bits != 8;
}

template <class L>
void plan(Product& product) {
  using V = typename L::Vector;
  int64_t step = multiplies_halves<L>(product) ? 32 : V::kLanes;
  if (product.bits != 0) {
    step = V::kLanes * (32 / product.bits);
    product.group_sums_stride =
        round_up(product.depth / product.group_size, V::kLanes);
  }
  const int64_t size = multiplies_halves<L>(product) ? 2 : 4;
  product.packed_row_bytes = round_up(round_up(product.depth, step) * size, 64);
}

template <class F>
void pack_quantized(const float* row, int64_t depth, char* packed) {
  using X = typename F::X;
  X* out = reinterpret_cast<X*>(packed);
  constexpr int64_t kBlock = F::kUnits * F::kPer;
  int64_t first = 0;
  for (; first + kBlock <= depth; first += kBlock) {
    for (int field = 0; field < F::kPer; ++field) {
      const int place = F::kTopFirst ? F::kPer - 1 - field : field;
      for (int unit = 0; unit < F::kUnits; ++unit) {
        put(row[first + unit * F::kPer + place], out++);
      }
    }
  }
  if (first == depth) {
    return;
  }
  for (int field = 0; field < F::kPer; ++field) {
    const int place = F::kTopFirst ? F::kPer - 1 - field : field;
    for (int unit = 0; unit < F::kUnits; ++unit) {
      const int64_t k = first + unit * F::kPer + place;
      put(k < depth ? row[k] : 0.0f, out++);
    }
  }
}

template <class X>
void pack_dense(const float* row, int64_t depth, char* packed, int64_t bytes) {
  X* out = reinterpret_cast<X*>(packed);
  const int64_t count = bytes / static_cast<int64_t>(sizeof(X));
  for (int64_t k = 0; k < count; ++k) {
    put(k < depth ? row[k] : 0.0f, out + k);
  }
}

// Calls f with a value of the format this product needs, if it is quantised.
template <class L, class Function>
VOXTRAL_TTS_INLINE void with_quantized(const Product& product, Function f) {
  using V = typename L::Vector;
  if constexpr (L::kBfloat16Dot) {
    if (multiplies_halves<L>(product)) {
      if (product.bits == 2) {
        return f(typename L::template QuantizedHalves<2>{});
      }
      return f(typename L::template QuantizedHalves<4>{});
    }
  }
  switch (product.bits) {
    case 2:
      return f(QuantizedFloats<V, 2>{});
    case 4:
      return f(QuantizedFloats<V, 4>{});
    default:
      return f(QuantizedFloats<V, 8>{});
  }
}

template <class L, class Function>
VOXTRAL_TTS_INLINE void with_dense(const Product& product, Function f) {
  using V = typename L::Vector;
  if constexpr (L::kBfloat16Dot) {
    if (multiplies_halves<L>(product)) {
      return f(typename L::DenseHalves{});
    }
  }
  switch (product.weight_type) {
    case Element::kFloat32:
      return f(DenseFloats<V, Element::kFloat32>{});
    case Element::kFloat16:
      return f(DenseFloats<V, Element::kFloat16>{});
    case Element::kBfloat16:
      return f(DenseFloats<V, Element::kBfloat16>{});
  }
}

template <class L>
void pack(
    const Product& product,
    const void* x,
    int64_t stride,
    float* row,
    char* packed,
    float* sums) {
  using V = typename L::Vector;
  if (stride == 1) {
    to_floats<V>(product.type, x, row, product.depth);
  } else {
    const int64_t size = element_size(product.type);
    for (int64_t k = 0; k < product.depth; ++k) {
      to_floats<V>(
          product.type,
          static_cast<const char*>(x) + k * stride * size,
          row + k,
          1);
    }
  }
  if (product.bits == 0) {
    with_dense<L>(product, [&](auto format) {
      pack_dense<typename decltype(format)::X>(
          row, product.depth, packed, product.packed_row_bytes);
    });
    return;
  }
  for (int64_t g = 0; g < product.group_sums_stride; ++g) {
    sums[g] = 0;
  }
  for (int64_t g = 0; g * product.group_size < product.depth; ++g) {
    typename V::Float sum = V::zero();
    for (int64_t k = 0; k < product.group_size; k += V::kLanes) {
      sum = sum + V::load(row + g * product.group_size + k);
    }
    sums[g] = V::sum(sum);
  }
  with_quantized<L>(product, [&](auto format) {
    pack_quantized<decltype(format)>(row, product.depth, packed);
  });
}

} // namespace
} // namespace voxtral_tts::mlx_delegate
