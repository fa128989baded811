#include "kernels/sdpa.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <mlx/backend/cpu/encoder.h>
#include <mlx/primitives.h>

#include "kernels/checked_malloc.h"
#include "kernels/levels.h"
#include "simd/tasks.h"

namespace voxtral_tts::mlx_delegate {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A [B, H, rows, columns] array where it lies.
struct Rows {
  explicit Rows(const mx::array& x)
      : data(x.data<char>()), type(x.dtype()), size(x.itemsize()) {
    std::copy(x.shape().begin(), x.shape().end(), shape);
    std::copy(x.strides().begin(), x.strides().end(), strides);
  }
  const char* row(int64_t b, int64_t h, int64_t r) const {
    return data + (b * strides[0] + h * strides[1] + r * strides[2]) *
                      static_cast<int64_t>(size);
  }

  const char* data;
  mx::Dtype type;
  size_t size;
  int64_t shape[4];
  int64_t strides[4];
};

float bfloat16_to_float(uint16_t half) {
  const uint32_t bits = uint32_t{half} << 16;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// `count` elements, `stride` apart, as floats; those of contiguous float32 are
// used in place.

const float* read_row(
    const char* p, mx::Dtype type, int64_t stride, int64_t count, float* out) {
  if (type == mx::float32) {
    const auto* x = reinterpret_cast<const float*>(p);
    if (stride == 1) {
      return x;
    }
    for (int64_t i = 0; i < count; ++i) {
      out[i] = x[i * stride];
    }
  } else if (type == mx::bfloat16) {
    const auto* x = reinterpret_cast<const uint16_t*>(p);
    if (stride == 1) {
      kernels().widen_bfloat16(x, count, out);
      return out;
    }
    for (int64_t i = 0; i < count; ++i) {
      out[i] = bfloat16_to_float(x[i * stride]);
    }
  } else if (type == mx::float16) {
    const auto* x = reinterpret_cast<const mx::float16_t*>(p);
    for (int64_t i = 0; i < count; ++i) {
      out[i] = static_cast<float>(x[i * stride]);
    }
  } else { // a boolean mask
    const auto* x = reinterpret_cast<const bool*>(p);
    for (int64_t i = 0; i < count; ++i) {
      out[i] = x[i * stride] ? 0.0f : -kInfinity;
    }
  }
  return out;
}

// scores[0, count) become weights; returns 1 / their sum, 0 if no key is seen,
// NaN if a score is NaN or infinite (but for a masked key's -infinity).
float softmax(float* scores, int64_t count) {
  float maximum = -kInfinity;
  bool bad = false;
  for (int64_t i = 0; i < count; ++i) {
    maximum = std::max(maximum, scores[i]);
    bad |= std::isnan(scores[i]);
  }
  if (bad || maximum == kInfinity) {
    return std::numeric_limits<float>::quiet_NaN();
  }
  if (maximum == -kInfinity) {
    std::fill_n(scores, count, 0.0f);
    return 0;
  }
  float total = 0;
  for (int64_t i = 0; i < count; ++i) {
    scores[i] = std::exp(scores[i] - maximum);
    total += scores[i];
  }
  return 1 / total;
}

struct Attention {
  Rows q;
  Rows k;
  Rows v;
  std::optional<Rows> mask;
  float scale;
  bool causal;
  char* out;

  // The query rows of one key head, for one t: they share its keys, each of
  // which is then converted once.
  void run(int64_t b, int64_t kv_head, int64_t t) const;

 private:
  void store(const float* row, int64_t b, int64_t h, int64_t t) const;
};

void Attention::store(const float* row, int64_t b, int64_t h, int64_t t) const {
  const int64_t size = v.shape[3];
  const int64_t first = ((b * q.shape[1] + h) * q.shape[2] + t) * size;
  if (q.type == mx::float32) {
    std::copy_n(row, size, reinterpret_cast<float*>(out) + first);
  } else if (q.type == mx::bfloat16) {
    auto* to = reinterpret_cast<mx::bfloat16_t*>(out) + first;
    std::transform(
        row, row + size, to, [](float x) { return mx::bfloat16_t(x); });
  } else {
    auto* to = reinterpret_cast<mx::float16_t*>(out) + first;
    std::transform(
        row, row + size, to, [](float x) { return mx::float16_t(x); });
  }
}

void Attention::run(int64_t b, int64_t kv_head, int64_t t) const {
  const Kernels& level = kernels();
  const int64_t group = q.shape[1] / k.shape[1];
  const int64_t keys = k.shape[2];
  const int64_t depth = q.shape[3];
  const int64_t value_size = v.shape[3];
  const int64_t seen =
      causal ? std::clamp<int64_t>(keys - q.shape[2] + t + 1, 0, keys) : keys;
  std::vector<float> scratch(
      static_cast<size_t>(
          group * (depth + keys + value_size) + depth + value_size + keys));
  float* queries = scratch.data();
  float* scores = queries + group * depth;
  float* sums = scores + group * keys;
  float* row = sums + group * value_size;
  float* mask_row = row + depth + value_size;

  for (int64_t g = 0; g < group; ++g) {
    float* query = queries + g * depth;
    const float* x = read_row(
        q.row(b, kv_head * group + g, t), q.type, q.strides[3], depth, query);
    for (int64_t i = 0; i < depth; ++i) {
      query[i] = x[i] * scale;
    }
  }
  for (int64_t s = 0; s < seen; ++s) {
    const float* key =
        read_row(k.row(b, kv_head, s), k.type, k.strides[3], depth, row);
    for (int64_t g = 0; g < group; ++g) {
      scores[g * keys + s] = level.dot(queries + g * depth, key, depth);
    }
  }
  for (int64_t g = 0; g < group; ++g) {
    float* mine = scores + g * keys;
    if (mask) {
      const float* added = read_row(
          mask->row(b, kv_head * group + g, t),
          mask->type,
          mask->strides[3],
          seen,
          mask_row);
      for (int64_t s = 0; s < seen; ++s) {
        // Not a sum: a masked key's score may be NaN.
        mine[s] = added[s] == -kInfinity ? -kInfinity : mine[s] + added[s];
      }
    }
    const float inverse = softmax(mine, seen);
    for (int64_t s = 0; s < seen; ++s) {
      mine[s] *= inverse;
    }
    // NaN weights must show even if the values are not read.
    std::fill_n(
        sums + g * value_size, value_size, std::isnan(inverse) ? inverse : 0);
  }
  for (int64_t s = 0; s < seen; ++s) {
    const float* value =
        read_row(v.row(b, kv_head, s), v.type, v.strides[3], value_size, row);
    for (int64_t g = 0; g < group; ++g) {
      const float weight = scores[g * keys + s];
      if (weight != 0) { // masked rows of a cache may hold anything
        level.add_scaled(sums + g * value_size, value, weight, value_size);
      }
    }
  }
  for (int64_t g = 0; g < group; ++g) {
    store(sums + g * value_size, b, kv_head * group + g, t);
  }
}

class Sdpa : public mx::UnaryPrimitive {
 public:
  Sdpa(mx::Stream stream, float scale, bool causal)
      : UnaryPrimitive(stream), scale_(scale), causal_(causal) {
  }

  void eval_cpu(const std::vector<mx::array>& inputs, mx::array& out) override {
    out.set_data(checked_malloc(out.nbytes()));
    if (out.size() == 0) {
      return;
    }
    std::optional<Rows> mask;
    if (inputs.size() > 3) {
      mask.emplace(inputs[3]);
    }
    const Attention attention{
        Rows(inputs[0]),
        Rows(inputs[1]),
        Rows(inputs[2]),
        mask,
        scale_,
        causal_,
        out.data<char>()};
    mx::cpu::get_command_encoder(stream()).dispatch([attention] {
      const int64_t heads = attention.k.shape[1];
      const int64_t rows = attention.q.shape[2];
      simd::run_tasks(attention.q.shape[0] * heads * rows, [&](int64_t task) {
        attention.run(task / rows / heads, task / rows % heads, task % rows);
      });
    });
  }

  void eval_gpu(const std::vector<mx::array>&, mx::array&) override {
    throw std::runtime_error("Sdpa runs on the CPU only");
  }

  const char* name() const override {
    return "VoxtralSdpa";
  }

 private:
  float scale_;
  bool causal_;
};

void require(bool condition, const std::string& message) {
  if (!condition) {
    throw std::invalid_argument(message);
  }
}

} // namespace

mx::array sdpa(
    const mx::array& q,
    const mx::array& k,
    const mx::array& v,
    float scale,
    const std::optional<mx::array>& mask,
    bool causal,
    mx::Stream stream) {
  const auto floating = [](mx::Dtype type) {
    return type == mx::float32 || type == mx::float16 || type == mx::bfloat16;
  };
  require(
      floating(q.dtype()) && k.dtype() == q.dtype() && v.dtype() == q.dtype(),
      "sdpa: operands are of one floating type");
  require(
      q.ndim() == 4 && k.ndim() == 4 && v.ndim() == 4 &&
          k.shape(0) == q.shape(0) && v.shape(0) == q.shape(0) &&
          k.shape(3) == q.shape(3) && v.shape(1) == k.shape(1) &&
          v.shape(2) == k.shape(2) && k.shape(1) > 0 &&
          q.shape(1) % k.shape(1) == 0,
      "sdpa: shapes do not fit");
  std::vector<mx::array> inputs{q, k, v};
  if (mask) {
    require(
        mask->dtype() == mx::bool_ || floating(mask->dtype()),
        "sdpa: a mask is boolean or floating");
    inputs.push_back(
        mx::broadcast_to(
            *mask, {q.shape(0), q.shape(1), q.shape(2), k.shape(2)}, stream));
  }
  return mx::array(
      {q.shape(0), q.shape(1), q.shape(2), v.shape(3)},
      q.dtype(),
      std::make_shared<Sdpa>(stream, scale, causal),
      std::move(inputs));
}

} // namespace voxtral_tts::mlx_delegate
