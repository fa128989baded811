// What each SIMD level has of the matrix products and of attention, and the
// work it is given.
#pragma once

#include <cstdint>

#include "simd/level.h"

namespace voxtral_tts::mlx_delegate {

enum class Element { kFloat32, kFloat16, kBfloat16 };

constexpr int64_t element_size(Element type) {
  return type == Element::kFloat32 ? 4 : 2;
}

struct Range {
  int64_t begin;
  int64_t end;
};

// out[m, n] = sum over k of x[m, k] * weights[n, k], each sum in float32 and in
// an order that depends on the level and on `depth` alone.
struct Product {
  int64_t rows;    // m
  int64_t columns; // n
  int64_t depth;   // k

  // What pack() made of x: converted, in the order in which the kernels meet
  // the weights, and filled up with zeros.
  const char* packed = nullptr;
  int64_t packed_row_bytes = 0;

  // Dense weights (bits == 0): `weight_stride` elements from row to row.
  const void* weights = nullptr;
  int64_t weight_stride = 0;
  Element weight_type = Element::kFloat32;

  // Quantised weights: whole 32-bit words per row; `group_size` inputs share
  // a scale and a bias. group_sums are pack()'s sums of x.
  int bits = 0;
  int64_t group_size = 0;
  const uint32_t* words = nullptr;
  const void* scales = nullptr;
  const void* biases = nullptr;
  Element scale_type = Element::kFloat32;
  Element bias_type = Element::kFloat32;
  const float* group_sums = nullptr;
  int64_t group_sums_stride = 0; // floats

  Element type = Element::kFloat32; // of x and out
  void* out = nullptr;              // [rows, columns]
};

// One level's code. Rows of packed x start at multiples of 64 bytes.
struct Kernels {
  // Sets packed_row_bytes and group_sums_stride, from depth, bits, group_size
  // and the types.
  void (*plan)(Product& product);
  // One row of x, elements `stride` apart, into its packed form; `row` is room
  // for `depth` floats. sums is nullptr for dense weights.
  void (*pack)(
      const Product& product,
      const void* x,
      int64_t stride,
      float* row,
      char* packed,
      float* sums);
  // Writes out[rows, columns] for a part of the product. Throws std::bad_alloc.
  void (*multiply)(const Product& product, Range rows, Range columns);

  // What attention does with rows of floats.
  float (*dot)(const float* a, const float* b, int64_t size);
  void (*add_scaled)(float* y, const float* x, float weight, int64_t size);
  void (*widen_bfloat16)(const uint16_t* p, int64_t size, float* out);
};

// Columns are best split at multiples of this.
inline constexpr int64_t kColumnBlock = 48;

// Of a level that simd::has_level(), by itself the one in use.
const Kernels& kernels(simd::Level level = simd::level());

// The levels' tables; nullptr where the target cannot have them.
const Kernels* baseline_kernels();
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();
const Kernels* avx512_bf16_kernels();

} // namespace voxtral_tts::mlx_delegate
