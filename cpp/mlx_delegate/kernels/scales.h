// Scales and fields of quantised weights. See loops.h.
#pragma once

#include <new>

#include "kernels/loops.h"

namespace voxtral_tts::mlx_delegate {
namespace {

// Uninitialised room for floats.
class Floats {
 public:
  explicit Floats(int64_t count)
      : data_(
            static_cast<float*>(::operator new(
                static_cast<size_t>(count) * sizeof(float), kAlignment))) {
  }
  ~Floats() {
    ::operator delete(data_, kAlignment);
  }
  Floats(const Floats&) = delete;
  Floats& operator=(const Floats&) = delete;
  float* data() const {
    return data_;
  }

 private:
  static constexpr std::align_val_t kAlignment{64};
  float* data_;
};

// kPer fields in each of kUnits units make a block; x is packed so that the
// fields come out beside their inputs: [block][field][unit].
template <class V, int kFieldBits>
struct QuantizedFloats {
  using Vector = V;
  using X = float;
  static constexpr int kBits = kFieldBits;
  static constexpr int kUnits = V::kLanes;
  static constexpr int kPer = 32 / kBits;
  static constexpr bool kTopFirst = true;
  using Fields = typename V::template Fields<kBits>;
  static VOXTRAL_TTS_INLINE typename V::Float load_x(const X* p) {
    return V::load(p);
  }
  static VOXTRAL_TTS_INLINE typename V::Float madd(
      typename V::Float w, typename V::Float x, typename V::Float sums) {
    return V::madd(w, x, sums);
  }
};

// The scales of a few columns as floats, and what is left of the biases once
// the fields are centred: bias + 2^(bits - 1) * scale, mostly zero.
template <class V>
struct Scales {
  explicit Scales(const Product& product)
      : group_shift(__builtin_ctzll(static_cast<uint64_t>(product.group_size))),
        groups(product.depth >> group_shift),
        stride(round_up(groups, V::kLanes) + V::kLanes),
        scales(stride * kColumnBlock),
        offsets(stride * kColumnBlock) {
    const int64_t per_word = 32 / product.bits;
    int32_t lanes[V::kLanes];
    for (int i = 0; i < V::kLanes; ++i) {
      lanes[i] = static_cast<int32_t>((i * per_word) >> group_shift);
    }
    __builtin_memcpy(&index, lanes, sizeof(index));
  }

  void read(const Product& product, int64_t first, int64_t count) {
    using Float = typename V::Float;
    const Float centre =
        V::zero() + static_cast<float>(1 << (product.bits - 1));
    const int64_t scale_size = element_size(product.scale_type);
    const int64_t bias_size = element_size(product.bias_type);
    for (int64_t n = 0; n < count; ++n) {
      const char* s = static_cast<const char*>(product.scales) +
                      (first + n) * groups * scale_size;
      const char* b = static_cast<const char*>(product.biases) +
                      (first + n) * groups * bias_size;
      float* scale = scales.data() + n * stride;
      float* offset = offsets.data() + n * stride;
      typename V::Int any{};
      for (int64_t g = 0; g < groups; g += V::kLanes) {
        const int64_t valid = smaller(groups - g, V::kLanes);
        const Float values =
            load_some<V>(product.scale_type, s + g * scale_size, valid);
        const Float rest = V::madd(
            centre,
            values,
            load_some<V>(product.bias_type, b + g * bias_size, valid));
        // The next block's.
        __builtin_prefetch(s + (kColumnBlock * groups + g) * scale_size);
        __builtin_prefetch(b + (kColumnBlock * groups + g) * bias_size);
        V::store(scale + g, values);
        V::store(offset + g, rest);
        any |= (typename V::Int)(rest != 0.0f);
      }
      bool any_lane = false;
      for (int i = 0; i < V::kLanes; ++i) {
        any_lane |= any[i] != 0;
      }
      has_offset[n] = any_lane;
    }
  }

  int group_shift; // group_size is a power of two
  int64_t groups;
  int64_t stride; // floats from column to column
  // The scale of each word's lane, counted from the block's first.
  typename V::Index index;
  Floats scales;
  Floats offsets;
  bool has_offset[kColumnBlock];
};

} // namespace
} // namespace voxtral_tts::mlx_delegate
