// Tiles of products with quantised weights. See loops.h.
#pragma once

#include "kernels/scales.h"

namespace voxtral_tts::mlx_delegate {
namespace {

template <class F, int kRows, int kColumns>
VOXTRAL_TTS_INLINE void quantized_block(
    const typename F::Fields& fields,
    const uint32_t* const* words,
    const typename F::X* const* x,
    const float* const* scales,
    typename F::Vector::Index index,
    typename F::Vector::Float (&sums)[kRows][kColumns]) {
  using V = typename F::Vector;
  decltype(F::Fields::load(words[0])) w[kColumns];
  typename V::Float part[kRows][kColumns];
#pragma GCC unroll 4
  for (int n = 0; n < kColumns; ++n) {
    w[n] = F::Fields::load(words[n]);
#pragma GCC unroll 6
    for (int m = 0; m < kRows; ++m) {
      part[m][n] = V::zero();
    }
  }
#pragma GCC unroll 16
  for (int field = 0; field < F::kPer; ++field) {
    decltype(fields.next(w[0])) values[kColumns];
#pragma GCC unroll 4
    for (int n = 0; n < kColumns; ++n) {
      values[n] = fields.next(w[n]);
    }
#pragma GCC unroll 6
    for (int m = 0; m < kRows; ++m) {
      const auto xs = F::load_x(x[m] + field * F::kUnits);
#pragma GCC unroll 4
      for (int n = 0; n < kColumns; ++n) {
        part[m][n] = F::madd(values[n], xs, part[m][n]);
      }
    }
  }
#pragma GCC unroll 4
  for (int n = 0; n < kColumns; ++n) {
    const typename V::Float scale = V::expand(scales[n], index);
#pragma GCC unroll 6
    for (int m = 0; m < kRows; ++m) {
      sums[m][n] = V::madd(scale, part[m][n], sums[m][n]);
    }
  }
}

template <class F, int kRows, int kColumns>
void quantized_tile(
    const Product& product,
    int64_t row,
    int64_t column,
    const Scales<typename F::Vector>& scales,
    int64_t scales_column,
    float* out) {
  using V = typename F::Vector;
  using X = typename F::X;
  constexpr int kWords = V::kLanes;
  constexpr int kPerWord = 32 / F::kBits;
  constexpr int kBlock = kWords * kPerWord;
  const int64_t row_words = product.depth / kPerWord;

  const X* x[kRows];
  for (int m = 0; m < kRows; ++m) {
    x[m] = reinterpret_cast<const X*>(
        product.packed + (row + m) * product.packed_row_bytes);
  }
  const uint32_t* words[kColumns];
  const float* column_scales[kColumns];
  for (int n = 0; n < kColumns; ++n) {
    words[n] = product.words + (column + n) * row_words;
    column_scales[n] =
        scales.scales.data() + (scales_column + n) * scales.stride;
  }
  typename V::Float sums[kRows][kColumns];
  for (int m = 0; m < kRows; ++m) {
    for (int n = 0; n < kColumns; ++n) {
      sums[m][n] = V::zero();
    }
  }

  const typename F::Fields fields;
  const int64_t blocks = row_words / kWords;
  const uint32_t* w[kColumns];
  const X* xs[kRows];
  const float* s[kColumns];
  const auto locate = [&](int64_t block) __attribute__((always_inline)) {
    for (int m = 0; m < kRows; ++m) {
      xs[m] = x[m] + block * (F::kUnits * F::kPer);
    }
    for (int n = 0; n < kColumns; ++n) {
      w[n] = words[n] + block * kWords;
      s[n] = column_scales[n] + ((block * kBlock) >> scales.group_shift);
    }
  };
  for (int64_t block = 0; block < blocks; ++block) {
    locate(block);
    for (int n = 0; n < kColumns; ++n) {
      __builtin_prefetch(reinterpret_cast<const char*>(w[n]) + kPrefetchBytes);
    }
    quantized_block<F, kRows, kColumns>(fields, w, xs, s, scales.index, sums);
  }
  if (blocks * kWords < row_words) {
    locate(blocks);
    uint32_t rest[kColumns][kWords] = {};
    for (int n = 0; n < kColumns; ++n) {
      __builtin_memcpy(
          rest[n],
          w[n],
          static_cast<size_t>(row_words - blocks * kWords) * sizeof(uint32_t));
      w[n] = rest[n];
    }
    quantized_block<F, kRows, kColumns>(fields, w, xs, s, scales.index, sums);
  }

  for (int n = 0; n < kColumns; ++n) {
    if (!scales.has_offset[scales_column + n]) {
      continue;
    }
    const float* offsets =
        scales.offsets.data() + (scales_column + n) * scales.stride;
    for (int m = 0; m < kRows; ++m) {
      const float* group_sums =
          product.group_sums + (row + m) * product.group_sums_stride;
      typename V::Float sum = sums[m][n];
      for (int64_t g = 0; g < scales.groups; g += V::kLanes) {
        sum = V::madd(V::load(offsets + g), V::load(group_sums + g), sum);
      }
      sums[m][n] = sum;
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
