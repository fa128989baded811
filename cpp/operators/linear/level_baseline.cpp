// Plain C++, for targets without one of the other levels, and the form the
// others are compared with.
#include <cstring>

#include "operators/kernels.h"
#include "operators/linear/tile.h"

namespace voxtral_tts::operators {
namespace {

struct Plain {
  static constexpr int kLanes = 16;
  static constexpr int kRows = 1;
  static constexpr int vectors(int) {
    return 1;
  }
  static constexpr int half_sums(int) {
    return 1;
  }
  template <int kBits>
  static constexpr int narrow_loads() {
    return 0;
  }
  static constexpr float kHalfUnit = 1.0f / 16; // halves stay in the upper half
  static constexpr float kInputOffset = 0;
  struct Float {
    float lane[kLanes];
  };
  union Int {
    int32_t lane[kLanes];
    uint8_t byte[kLanes * 4];
  };

  template <class Function>
  static VOXTRAL_TTS_INLINE Float each(Function function) {
    Float result;
    for (int i = 0; i < kLanes; ++i) {
      result.lane[i] = function(i);
    }
    return result;
  }

  static Float zero() {
    return {};
  }
  static Int zero_int() {
    return {};
  }
  static Int load(const uint8_t* p) {
    Int result;
    std::memcpy(result.byte, p, sizeof(result.byte));
    return result;
  }
  static Int low_halves(Int bytes) {
    for (uint8_t& byte : bytes.byte) {
      byte = static_cast<uint8_t>(byte << 4);
    }
    return bytes;
  }
  static Int high_halves(Int bytes) {
    for (uint8_t& byte : bytes.byte) {
      byte &= 0xf0;
    }
    return bytes;
  }
  static const uint8_t* broadcast(const uint8_t* p) {
    return p;
  }
  template <int kBits>
  static Int dot(Int sum, const uint8_t* x, const Int& w) {
    for (int i = 0; i < kLanes; ++i) {
      for (int j = 0; j < 4; ++j) {
        sum.lane[i] += x[j] * static_cast<int8_t>(w.byte[4 * i + j]);
      }
    }
    return sum;
  }
  static Float to_float(const Int& v) {
    return each([&](int i) { return static_cast<float>(v.lane[i]); });
  }
  static Float madd(const Float& a, const Float& b, const Float& c) {
    return each([&](int i) { return a.lane[i] * b.lane[i] + c.lane[i]; });
  }
  static Float load_float(const void* p) {
    Float result;
    std::memcpy(result.lane, p, sizeof(result.lane));
    return result;
  }
  static Float load_bf16(const void* p) {
    uint16_t halves[kLanes];
    std::memcpy(halves, p, sizeof(halves));
    return each([&](int i) {
      const uint32_t bits = static_cast<uint32_t>(halves[i]) << 16;
      float value;
      std::memcpy(&value, &bits, sizeof(value));
      return value;
    });
  }
  static void store(float* p, const Float& v) {
    std::memcpy(p, v.lane, sizeof(v.lane));
  }
  // scale * (sum * unit - zero * column_sum)
  static Float finish(
      const Float& sum,
      float unit,
      const Float& column_sum,
      float zero,
      float scale) {
    return each([&](int i) {
      return scale * (sum.lane[i] * unit - zero * column_sum.lane[i]);
    });
  }
};

} // namespace

MultiplyTile baseline_multiply_tile() {
  return multiply_any<Plain>;
}

} // namespace voxtral_tts::operators
