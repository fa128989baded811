#include "operators/attend.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "operators/kernels.h"
#include "operators/rows/element.h"
#include "simd/tasks.h"

namespace voxtral_tts::operators {
namespace {

// Rotates interleaved pairs of x [rows, heads, D] by the table's rows.
void rotate(
    const float* x,
    const float* table,
    int64_t rows,
    int64_t heads,
    int64_t head_dim,
    float* out) {
  const int64_t half = head_dim / 2;
  for (int64_t row = 0; row < rows; ++row, table += head_dim) {
    for (int64_t head = 0; head < heads; ++head) {
      for (int64_t i = 0; i < half; ++i) {
        const float even = x[2 * i];
        const float odd = x[2 * i + 1];
        out[2 * i] = even * table[i] - odd * table[half + i];
        out[2 * i + 1] = even * table[half + i] + odd * table[i];
      }
      x += head_dim;
      out += head_dim;
    }
  }
}

template <class Element>
void write_cache(
    const float* rows,
    typename Element::Stored* cache,
    int64_t count,
    int64_t position,
    int64_t capacity,
    int64_t row_size) {
  for (int64_t row = std::max<int64_t>(0, count - capacity); row < count;
       ++row) {
    const float* from = rows + row * row_size;
    auto* to = cache + ((position + row) % capacity) * row_size;
    if constexpr (std::is_same_v<Element, Float32>) {
      std::memcpy(to, from, static_cast<size_t>(row_size) * sizeof(float));
    } else {
      std::transform(from, from + row_size, to, Element::store_one);
    }
  }
}

template <class Element>
void write_caches(
    const AttendShape& shape,
    const AttendOptions& options,
    const float* k,
    const float* v,
    const KvCache& cache) {
  using Stored = typename Element::Stored;
  const int64_t kv_row = shape.kv_heads * shape.head_dim;
  const auto write = [&](const float* rows, void* to, int64_t b) {
    write_cache<Element>(
        rows + b * shape.rows * kv_row,
        static_cast<Stored*>(to) + b * cache.capacity * kv_row,
        shape.rows,
        options.position,
        cache.capacity,
        kv_row);
  };
  for (int64_t b = 0; b < shape.batch; ++b) {
    write(k, cache.keys, b);
    write(v, cache.values, b);
  }
}

void write_caches(
    const AttendShape& shape,
    const AttendOptions& options,
    const float* k,
    const float* v,
    const KvCache& cache) {
  switch (cache.type) {
    case KvType::kFloat32:
      write_caches<Float32>(shape, options, k, v, cache);
      break;
    case KvType::kBfloat16:
      write_caches<Bfloat16>(shape, options, k, v, cache);
      break;
    case KvType::kFloat16:
      write_caches<Float16>(shape, options, k, v, cache);
      break;
  }
}

const void* element_at(const void* data, KvType type, int64_t index) {
  const int64_t size = type == KvType::kFloat32 ? 4 : 2;
  return static_cast<const char*>(data) + index * size;
}

// Reads the caches only.
void attend_rows(
    const AttendShape& shape,
    const AttendOptions& options,
    const float* q,
    const float* k,
    const float* v,
    const KvCache& cache,
    float* out) {
  const bool is_ring = options.window > 0;
  const int64_t kv_row = shape.kv_heads * shape.head_dim;
  const int64_t q_row = shape.heads * shape.head_dim;
  const int64_t groups = shape.heads / shape.kv_heads;
  const RowKernels& level = *kernels().rows;
  // Neighbours share a head, whose keys are then still in the thread's cache.
  simd::run_tasks(shape.batch * shape.kv_heads * shape.rows, [&](int64_t item) {
    const int64_t row = item % shape.rows;
    const int64_t kv_head = item / shape.rows % shape.kv_heads;
    const int64_t b = item / shape.rows / shape.kv_heads;
    const int64_t kv_offset = kv_head * shape.head_dim;
    const int64_t cached = b * cache.capacity * kv_row + kv_offset;
    const int64_t fresh = b * shape.rows * kv_row + kv_offset;
    const KeySource source{
        element_at(cache.keys, cache.type, cached),
        element_at(cache.values, cache.type, cached),
        cache.type,
        cache.capacity,
        k + fresh,
        v + fresh,
        options.position + (is_ring ? 0 : shape.rows),
        kv_row};
    const int64_t query_row = options.position + row;
    int64_t first = 0;
    if (is_ring) {
      // It no longer holds what lies `capacity` rows before the new ones.
      first = std::max<int64_t>(
          {0, options.position - cache.capacity, query_row - options.window});
    }
    const int64_t head = kv_head * groups;
    const int64_t offset =
        (b * shape.rows + row) * q_row + head * shape.head_dim;
    level.attend_group(
        source,
        {q + offset,
         options.slopes != nullptr ? options.slopes + head : nullptr,
         out + offset,
         groups,
         shape.head_dim,
         query_row,
         first,
         query_row + 1});
  });
}

void spread_non_finite_rows(float* x, int64_t rows, int64_t row_size) {
  const RowKernels& level = *kernels().rows;
  for (int64_t row = 0; row < rows; ++row) {
    level.spread_non_finite(x + row * row_size, row_size);
  }
}

} // namespace

int64_t attend_scratch_size(const AttendShape& shape) {
  return shape.batch * shape.rows * (shape.heads + shape.kv_heads) *
         shape.head_dim;
}

void attend(
    const AttendShape& shape,
    const AttendOptions& options,
    const float* q,
    const float* k,
    const float* v,
    const KvCache& cache,
    float* scratch,
    float* out) {
  const int64_t kv_row = shape.kv_heads * shape.head_dim;
  const int64_t q_row = shape.heads * shape.head_dim;
  if (options.rope != nullptr) {
    const float* table = options.rope + options.position * shape.head_dim;
    float* rotated_q = scratch;
    float* rotated_k = scratch + shape.batch * shape.rows * q_row;
    for (int64_t b = 0; b < shape.batch; ++b) {
      rotate(
          q + b * shape.rows * q_row,
          table,
          shape.rows,
          shape.heads,
          shape.head_dim,
          rotated_q + b * shape.rows * q_row);
      rotate(
          k + b * shape.rows * kv_row,
          table,
          shape.rows,
          shape.kv_heads,
          shape.head_dim,
          rotated_k + b * shape.rows * kv_row);
    }
    q = rotated_q;
    k = rotated_k;
  }

  const bool is_ring = options.window > 0;
  if (!is_ring) {
    write_caches(shape, options, k, v, cache);
  }
  attend_rows(shape, options, q, k, v, cache, out);
  if (is_ring) { // after the reads: new rows overwrite rows needed above
    write_caches(shape, options, k, v, cache);
  }
  // A token's heads were several items.
  spread_non_finite_rows(out, shape.batch * shape.rows, q_row);
}

void attend_all(
    const AttendShape& shape,
    int64_t key_rows,
    const float* q,
    const float* k,
    const float* v,
    float* out) {
  const int64_t kv_row = shape.kv_heads * shape.head_dim;
  const int64_t groups = shape.heads / shape.kv_heads;
  const RowKernels& level = *kernels().rows;
  const int64_t items = shape.batch * shape.rows * shape.kv_heads;
  for (int64_t item = 0; item < items; ++item) {
    const int64_t kv_head = item % shape.kv_heads;
    const int64_t b = item / shape.kv_heads / shape.rows;
    const int64_t kv_offset = b * key_rows * kv_row + kv_head * shape.head_dim;
    const KeySource source{
        nullptr,
        nullptr,
        KvType::kFloat32,
        1,
        k + kv_offset,
        v + kv_offset,
        0,
        kv_row};
    const int64_t offset = item * groups * shape.head_dim;
    level.attend_group(
        source,
        {q + offset,
         nullptr,
         out + offset,
         groups,
         shape.head_dim,
         0,
         0,
         key_rows});
  }
  spread_non_finite_rows(
      out, shape.batch * shape.rows, shape.heads * shape.head_dim);
}

} // namespace voxtral_tts::operators
