#include "operators/attend.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <executorch/runtime/kernel/thread_parallel_interface.h>

#include "operators/simd.h"

namespace voxtral_tts::operators {
namespace {

constexpr int64_t kRowsPerTask = 16;

// Where the keys of one head come from: rows before `split` from the cache
// (a ring), later ones from the new rows.
struct KeySource {
  const float* cached_keys;
  const float* cached_values;
  int64_t capacity;
  const float* new_keys;
  const float* new_values;
  int64_t split;      // absolute row of new_keys[0]
  int64_t row_stride; // floats between rows: Hkv * D

  const float* key(int64_t row) const {
    return row < split ? cached_keys + (row % capacity) * row_stride
                       : new_keys + (row - split) * row_stride;
  }
  const float* value(int64_t row) const {
    return row < split ? cached_values + (row % capacity) * row_stride
                       : new_values + (row - split) * row_stride;
  }
};

// One query against rows [begin, end): softmax in one pass, rescaling what was
// summed whenever a larger score appears.
VOXTRAL_TTS_MULTIVERSION
void attend_query(
    const float* query,
    const KeySource& source,
    int64_t begin,
    int64_t end,
    int64_t head_dim,
    float slope,
    int64_t query_row,
    float* out) {
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  float maximum = -std::numeric_limits<float>::infinity();
  float total = 0;
  float poison = 0; // NaN once a score was not finite
  std::fill_n(out, head_dim, 0.0f);
  for (int64_t row = begin; row < end; ++row) {
    const float score = dot(query, source.key(row), head_dim) * scale +
                        slope * static_cast<float>(row - query_row);
    poison += score * 0.0f;
    if (!(score <= maximum)) {
      const float shrink = std::exp(maximum - score);
      total = total * shrink + 1.0f;
      scale_add(out, shrink, source.value(row), 1.0f, head_dim);
      maximum = score;
    } else {
      const float weight = std::exp(score - maximum);
      total += weight;
      scale_add(out, 1.0f, source.value(row), weight, head_dim);
    }
  }
  const float inverse = 1.0f / total + poison;
  for (int64_t i = 0; i < head_dim; ++i) {
    out[i] *= inverse;
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

void write_cache(
    const float* rows,
    float* cache,
    int64_t count,
    int64_t position,
    int64_t capacity,
    int64_t row_size) {
  for (int64_t row = std::max<int64_t>(0, count - capacity); row < count;
       ++row) {
    std::memcpy(
        cache + ((position + row) % capacity) * row_size,
        rows + row * row_size,
        static_cast<size_t>(row_size) * sizeof(float));
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

  const int64_t groups = shape.heads / shape.kv_heads;
  const auto attend_items = [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t kv_head = item % shape.kv_heads;
      const int64_t row = item / shape.kv_heads % shape.rows;
      const int64_t b = item / shape.kv_heads / shape.rows;
      const int64_t kv_offset = kv_head * shape.head_dim;
      const KeySource source{
          cache.keys + b * cache.capacity * kv_row + kv_offset,
          cache.values + b * cache.capacity * kv_row + kv_offset,
          cache.capacity,
          k + b * shape.rows * kv_row + kv_offset,
          v + b * shape.rows * kv_row + kv_offset,
          options.position,
          kv_row};
      const int64_t query_row = options.position + row;
      // A ring no longer holds what lies `capacity` rows before the new ones.
      int64_t first = std::max<int64_t>(0, options.position - cache.capacity);
      if (options.window > 0) {
        first = std::max(first, query_row - options.window);
      }
      for (int64_t g = 0; g < groups; ++g) {
        const int64_t head = kv_head * groups + g;
        const int64_t offset =
            (b * shape.rows + row) * q_row + head * shape.head_dim;
        attend_query(
            q + offset,
            source,
            first,
            query_row + 1,
            shape.head_dim,
            options.slopes != nullptr ? options.slopes[head] : 0.0f,
            query_row,
            out + offset);
      }
    }
  };
  executorch::extension::parallel_for(
      0, shape.batch * shape.rows * shape.kv_heads, 1, attend_items);

  // A token's heads were several items.
  executorch::extension::parallel_for(
      0,
      shape.batch * shape.rows,
      kRowsPerTask,
      [&](int64_t begin, int64_t end) {
        spread_non_finite_rows(out, begin, end, q_row);
      });

  // After the reads: in a ring, new rows overwrite rows still needed above.
  for (int64_t b = 0; b < shape.batch; ++b) {
    const int64_t offset = b * cache.capacity * kv_row;
    const int64_t rows_offset = b * shape.rows * kv_row;
    write_cache(
        k + rows_offset,
        cache.keys + offset,
        shape.rows,
        options.position,
        cache.capacity,
        kv_row);
    write_cache(
        v + rows_offset,
        cache.values + offset,
        shape.rows,
        options.position,
        cache.capacity,
        kv_row);
  }
}

void attend_all(
    const AttendShape& shape,
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
        b * shape.rows * kv_row + head / groups * shape.head_dim;
    const KeySource source{
        nullptr, nullptr, 1, k + kv_offset, v + kv_offset, 0, kv_row};
    attend_query(
        q + item * shape.head_dim,
        source,
        0,
        shape.rows,
        shape.head_dim,
        0.0f,
        0,
        out + item * shape.head_dim);
  }
  spread_non_finite_rows(
      out, 0, shape.batch * shape.rows, shape.heads * shape.head_dim);
}

} // namespace voxtral_tts::operators
