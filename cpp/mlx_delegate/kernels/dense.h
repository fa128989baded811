// Tiles of products with dense weights. See loops.h.
#pragma once

#include "kernels/loops.h"

namespace voxtral_tts::mlx_delegate {
namespace {

// Formats: how weights meet x. `Value` is a vector of weights, X an element of
// packed x, and madd(weights, x, sums) adds a vector of products lane by lane.

template <class V, Element kType>
struct DenseFloats {
  using Vector = V;
  using X = float;
  static constexpr int kStep = V::kLanes;
  static constexpr int64_t kSize = element_size(kType);
  static VOXTRAL_TTS_INLINE typename V::Float load(const char* p) {
    return load_as<V, kType>(p);
  }
  static VOXTRAL_TTS_INLINE typename V::Float load_x(const X* p) {
    return V::load(p);
  }
  static VOXTRAL_TTS_INLINE typename V::Float madd(
      typename V::Float w, typename V::Float x, typename V::Float sums) {
    return V::madd(w, x, sums);
  }
};

template <class F, int kRows, int kColumns>
void dense_tile(
    const Product& product, const char* x, const char* weights, float* out) {
  using V = typename F::Vector;
  using X = typename F::X;
  const X* x_rows[kRows];
  const char* w_rows[kColumns];
  for (int m = 0; m < kRows; ++m) {
    x_rows[m] = reinterpret_cast<const X*>(x + m * product.packed_row_bytes);
  }
  for (int n = 0; n < kColumns; ++n) {
    w_rows[n] = weights + n * product.weight_stride * F::kSize;
  }
  typename V::Float sums[kRows][kColumns];
  for (int m = 0; m < kRows; ++m) {
    for (int n = 0; n < kColumns; ++n) {
      sums[m][n] = V::zero();
    }
  }
  const int64_t whole = product.depth / F::kStep * F::kStep;
  for (int64_t k = 0; k < whole; k += F::kStep) {
    decltype(F::load(w_rows[0])) w[kColumns];
#pragma GCC unroll 4
    for (int n = 0; n < kColumns; ++n) {
      w[n] = F::load(w_rows[n] + k * F::kSize);
      __builtin_prefetch(w_rows[n] + k * F::kSize + kPrefetchBytes);
    }
#pragma GCC unroll 6
    for (int m = 0; m < kRows; ++m) {
      const auto xs = F::load_x(x_rows[m] + k);
#pragma GCC unroll 4
      for (int n = 0; n < kColumns; ++n) {
        sums[m][n] = F::madd(w[n], xs, sums[m][n]);
      }
    }
  }
  if (whole < product.depth) {
    const int64_t bytes = (product.depth - whole) * F::kSize;
#pragma GCC unroll 4
    for (int n = 0; n < kColumns; ++n) {
      char rest[F::kStep * F::kSize] = {};
      __builtin_memcpy(
          rest, w_rows[n] + whole * F::kSize, static_cast<size_t>(bytes));
      const auto w = F::load(rest);
#pragma GCC unroll 6
      for (int m = 0; m < kRows; ++m) {
        sums[m][n] = F::madd(w, F::load_x(x_rows[m] + whole), sums[m][n]);
      }
    }
  }
#pragma GCC unroll 6
  for (int m = 0; m < kRows; ++m) {
#pragma GCC unroll 4
    for (int n = 0; n < kColumns; ++n) {
      out[m * kColumnBlock + n] = V::sum(sums[m][n]);
    }
  }
}

} // namespace
} // namespace voxtral_tts::mlx_delegate
