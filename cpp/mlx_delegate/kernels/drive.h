// From tiles to one level's Kernels. Include it only from level_*.cpp, last.
#pragma once

#include "kernels/pack.h"
#include "operators/rows/row_loops.h"

namespace voxtral_tts::mlx_delegate {
namespace {

template <class F, int kRows>
void dense_rows(
    const Product& product, int64_t row, Range columns, float* out) {
  constexpr int kColumns = tile_columns<typename F::Vector>(kRows, 1);
  const char* x = product.packed + row * product.packed_row_bytes;
  const auto at = [&](int64_t n) {
    return static_cast<const char*>(product.weights) +
           n * product.weight_stride * F::kSize;
  };
  int64_t n = columns.begin;
  for (; n + kColumns <= columns.end; n += kColumns, out += kColumns) {
    dense_tile<F, kRows, kColumns>(product, x, at(n), out);
  }
  for (; n < columns.end; ++n, ++out) {
    dense_tile<F, kRows, 1>(product, x, at(n), out);
  }
}

template <class F, int kRows>
void quantized_rows(
    const Product& product,
    int64_t row,
    Range columns,
    const Scales<typename F::Vector>& scales,
    float* out) {
  constexpr int kColumns = tile_columns<typename F::Vector>(kRows, 2);
  int64_t n = columns.begin;
  for (; n + kColumns <= columns.end; n += kColumns, out += kColumns) {
    quantized_tile<F, kRows, kColumns>(
        product, row, n, scales, n - columns.begin, out);
  }
  for (; n < columns.end; ++n, ++out) {
    quantized_tile<F, kRows, 1>(
        product, row, n, scales, n - columns.begin, out);
  }
}

// Calls f(first row, integral constant of the row count) for tiles of about
// the same height, then `store` for the rows.
template <int kRows>
struct Rows {
  static constexpr int value = kRows;
};

template <class Function>
VOXTRAL_TTS_INLINE void for_tiles(Range rows, Function f) {
  const int64_t count = rows.end - rows.begin;
  const int64_t tiles = (count + kTileRows - 1) / kTileRows;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t row = rows.begin + t * count / tiles;
    const int64_t end = rows.begin + (t + 1) * count / tiles;
    switch (end - row) {
      case 1:
        f(row, Rows<1>{});
        break;
      case 2:
        f(row, Rows<2>{});
        break;
      case 3:
        f(row, Rows<3>{});
        break;
      case 4:
        f(row, Rows<4>{});
        break;
      case 5:
        f(row, Rows<5>{});
        break;
      default:
        f(row, Rows<6>{});
        break;
    }
  }
}

template <class L>
void multiply(const Product& product, Range rows, Range columns) {
  using V = typename L::Vector;
  // Room for a vector to be read past the last column.
  alignas(64) float tile[kTileRows * kColumnBlock + V::kLanes] = {};
  const int64_t size = element_size(product.type);
  const auto store = [&](int64_t row, int count, Range block) {
    for (int m = 0; m < count; ++m) {
      from_floats<V>(
          product.type,
          tile + m * kColumnBlock,
          static_cast<char*>(product.out) +
              ((row + m) * product.columns + block.begin) * size,
          block.end - block.begin);
    }
  };
  const auto block_at = [&](int64_t n) {
    return Range{n, smaller(n + kColumnBlock, columns.end)};
  };

  if (product.bits == 0) {
    with_dense<L>(product, [&](auto format) {
      using F = decltype(format);
      for (int64_t n = columns.begin; n < columns.end; n += kColumnBlock) {
        const Range block = block_at(n);
        for_tiles(rows, [&](int64_t row, auto count) {
          dense_rows<F, decltype(count)::value>(product, row, block, tile);
          store(row, count.value, block);
        });
      }
    });
    return;
  }
  Scales<V> scales(product);
  with_quantized<L>(product, [&](auto format) {
    using F = decltype(format);
    for (int64_t n = columns.begin; n < columns.end; n += kColumnBlock) {
      const Range block = block_at(n);
      scales.read(product, block.begin, block.end - block.begin);
      for_tiles(rows, [&](int64_t row, auto count) {
        quantized_rows<F, decltype(count)::value>(
            product, row, block, scales, tile);
        store(row, count.value, block);
      });
    }
  });
}

inline void add_scaled(float* y, const float* x, float weight, int64_t size) {
  for (int64_t i = 0; i < size; ++i) {
    y[i] += weight * x[i];
  }
}

inline void widen_bfloat16(const uint16_t* p, int64_t size, float* out) {
  for (int64_t i = 0; i < size; ++i) {
    out[i] = std::bit_cast<float>(static_cast<uint32_t>(p[i]) << 16);
  }
}

template <class L>
constexpr Kernels kTable{
    plan<L>, pack<L>, multiply<L>, operators::dot, add_scaled, widen_bfloat16};

} // namespace
} // namespace voxtral_tts::mlx_delegate
