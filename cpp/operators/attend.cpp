#include "operators/attend.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "operators/attend_query.h"
#include "operators/simd.h"
#include "simd/tasks.h"

namespace voxtral_tts::operators {
namespace {

#define VOXTRAL_TTS_ATTEND_QUERY(name, Element)                      \
  VOXTRAL_TTS_MULTIVERSION void name(                                \
      const float* query,                                            \
      const KeySource<Element>& source,                              \
      int64_t begin,                                                 \
      int64_t end,                                                   \
      int64_t head_dim,                                              \
      float slope,                                                   \
      int64_t query_row,                                             \
      float* out) {                                                  \
    attend_one<Element>(                                             \
        query, source, begin, end, head_dim, slope, query_row, out); \
  }
// One name each: functions with several versions are no templates.
VOXTRAL_TTS_ATTEND_QUERY(attend_float32, Float32Element)
VOXTRAL_TTS_ATTEND_QUERY(attend_bfloat16, Bfloat16Element)
VOXTRAL_TTS_ATTEND_QUERY(attend_float16, Float16Element)
#undef VOXTRAL_TTS_ATTEND_QUERY

template <class Element>
void attend_query(
    const float* query,
    const KeySource<Element>& source,
    int64_t begin,
    int64_t end,
    int64_t head_dim,
    float slope,
    int64_t query_row,
    float* out) {
  if constexpr (std::is_same_v<Element, Bfloat16Element>) {
    attend_bfloat16(query, source, begin, end, head_dim, slope, query_row, out);
  } else if constexpr (std::is_same_v<Element, Float16Element>) {
    attend_float16(query, source, begin, end, head_dim, slope, query_row, out);
  } else {
    attend_float32(query, source, begin, end, head_dim, slope, query_row, out);
  }
}

// rows [begin, end) of x [.., row_size].
VOXTRAL_TTS_MULTIVERSION
void spread_non_finite_rows(
    float* x, int64_t begin, int64_t end, int64_t row_size) {
  for (int64_t row = begin; row < end; ++row) {
    spread_non_finite(x + row * row_size, row_size);
  }
}

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
    if constexpr (std::is_same_v<Element, Float32Element>) {
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

template <class Element>
void attend_heads(
    const AttendShape& shape,
    const AttendOptions& options,
    const float* q,
    const float* k,
    const float* v,
    const KvCache& cache,
    float* out) {
  using Stored = typename Element::Stored;
  const bool is_ring = options.window > 0;
  if (!is_ring) {
    write_caches<Element>(shape, options, k, v, cache);
  }
  const int64_t kv_row = shape.kv_heads * shape.head_dim;
  const int64_t q_row = shape.heads * shape.head_dim;
  const int64_t groups = shape.heads / shape.kv_heads;
  // Neighbours share a head, whose keys are then still in the thread's cache.
  simd::run_tasks(shape.batch * shape.kv_heads * shape.rows, [&](int64_t item) {
    const int64_t row = item % shape.rows;
    const int64_t kv_head = item / shape.rows % shape.kv_heads;
    const int64_t b = item / shape.rows / shape.kv_heads;
    const int64_t kv_offset = kv_head * shape.head_dim;
    const int64_t cached = b * cache.capacity * kv_row + kv_offset;
    const int64_t fresh = b * shape.rows * kv_row + kv_offset;
    const KeySource<Element> source{
        static_cast<const Stored*>(cache.keys) + cached,
        static_cast<const Stored*>(cache.values) + cached,
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
    for (int64_t g = 0; g < groups; ++g) {
      const int64_t head = kv_head * groups + g;
      const int64_t offset =
          (b * shape.rows + row) * q_row + head * shape.head_dim;
      attend_query<Element>(
          q + offset,
          source,
          first,
          query_row + 1,
          shape.head_dim,
          options.slopes != nullptr ? options.slopes[head] : 0.0f,
          query_row,
          out + offset);
    }
  });
  if (is_ring) { // after the reads: new rows overwrite rows needed above
    write_caches<Element>(shape, options, k, v, cache);
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

  switch (cache.type) {
    case KvType::kFloat32:
      attend_heads<Float32Element>(shape, options, q, k, v, cache, out);
      break;
    case KvType::kBfloat16:
      attend_heads<Bfloat16Element>(shape, options, q, k, v, cache, out);
      break;
    case KvType::kFloat16:
      attend_heads<Float16Element>(shape, options, q, k, v, cache, out);
      break;
  }
  // A token's heads were several items.
  spread_non_finite_rows(out, 0, shape.batch * shape.rows, q_row);
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
  for (int64_t item = 0; item < shape.batch * shape.rows * shape.heads;
       ++item) {
    const int64_t head = item % shape.heads;
    const int64_t b = item / shape.heads / shape.rows;
    const int64_t kv_offset =
        b * key_rows * kv_row + head / groups * shape.head_dim;
    const KeySource<Float32Element> source{
        nullptr, nullptr, 1, k + kv_offset, v + kv_offset, 0, kv_row};
    attend_query<Float32Element>(
        q + item * shape.head_dim,
        source,
        0,
        key_rows,
        shape.head_dim,
        0.0f,
        0,
        out + item * shape.head_dim);
  }
  spread_non_finite_rows(
      out, 0, shape.batch * shape.rows, shape.heads * shape.head_dim);
}

} // namespace voxtral_tts::operators
