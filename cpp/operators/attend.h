// Attention over raw pointers, float32, one implementation for every operator.
// A row [H*D] of the result is NaN throughout when a score or a value in it is
// not finite.
#pragma once

#include <cstdint>

namespace voxtral_tts::operators {

// Sizes shared by q [B, T, H, D], k and v [B, T, Hkv, D] and the result
// [B, T, H*D], all contiguous.
struct AttendShape {
  int64_t batch;
  int64_t rows;     // T
  int64_t heads;    // H, a multiple of kv_heads
  int64_t kv_heads; // Hkv
  int64_t head_dim; // D, even
};

enum class KvType { kFloat32, kBfloat16, kFloat16 };

// The carried keys and values of one layer, [B, capacity, Hkv, D]. Row p of an
// utterance lies at p mod capacity.
struct KvCache {
  void* keys;
  void* values;
  int64_t capacity;
  KvType type = KvType::kFloat32; // of a ring: only float32
};

struct AttendOptions {
  int64_t position;    // of row 0 in the utterance
  const float* rope;   // cos | sin, [>= position + rows, head_dim], or null
  const float* slopes; // ALiBi, [heads], or null
  int64_t window;      // w > 0: the last w + 1 keys; 0: all
};

// Causal attention of `rows` new rows at `position` over the filled part of the
// cache and themselves; writes the (rotated) new keys and values into the
// cache. Without a window every key is read as the cache holds it, so that a
// row's result does not depend on which rows came in one call. `scratch` is
// overwritten, attend_scratch_size() floats.
void attend(
    const AttendShape& shape,
    const AttendOptions& options,
    const float* q,
    const float* k,
    const float* v,
    const KvCache& cache,
    float* scratch,
    float* out);

// Floats of scratch attend() needs: rotated copies of q and k.
int64_t attend_scratch_size(const AttendShape& shape);

// Attention of every row to all `key_rows` rows of k and v, no cache, no
// position.
void attend_all(
    const AttendShape& shape,
    int64_t key_rows,
    const float* q,
    const float* k,
    const float* v,
    float* out);

} // namespace voxtral_tts::operators
