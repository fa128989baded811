// What the tests of the kernels share: levels, and arrays as numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <mlx/mlx.h>

#include "kernels/levels.h"
#include "simd/level.h"
#include "simd/tasks.h"

namespace voxtral_tts::mlx_delegate {

inline mx::Stream cpu_stream() {
  return mx::default_stream(mx::Device::cpu);
}

// In row-major order, whatever the array's strides.
inline std::vector<double> numbers(const mx::array& x) {
  mx::array floats = mx::contiguous(
      mx::astype(x, mx::float32, cpu_stream()), false, cpu_stream());
  mx::eval(floats);
  const float* data = floats.data<float>();
  return std::vector<double>(data, data + floats.size());
}

inline std::string bytes(mx::array x) {
  mx::eval(x);
  return std::string(x.data<char>(), x.nbytes());
}

inline mx::array normal(const mx::Shape& shape, mx::Dtype type, int seed) {
  const auto key = mx::random::key(static_cast<uint64_t>(seed));
  mx::array x = mx::astype(
      mx::random::normal(shape, mx::float32, 0.0f, 1.0f, key, cpu_stream()),
      type,
      cpu_stream());
  mx::eval(x);
  return x;
}

// float32: the error of the sums alone. Halves: also the result's rounding.
inline double rounding(mx::Dtype type) {
  return type == mx::float32 ? 0 : type == mx::float16 ? 0x1p-11 : 0x1p-8;
}

inline void expect_close(
    const std::vector<double>& actual,
    const std::vector<double>& expected,
    mx::Dtype type,
    double tolerance = 1e-5) {
  ASSERT_EQ(actual.size(), expected.size());
  double largest = 0;
  for (const double value : expected) {
    largest = std::max(largest, std::abs(value));
  }
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(
        actual[i],
        expected[i],
        tolerance * largest + rounding(type) * std::abs(expected[i]))
        << "element " << i;
  }
}

// Each test for every level that this machine has.
class PerLevel : public testing::TestWithParam<simd::Level> {
 protected:
  void SetUp() override {
    if (!simd::set_level(GetParam())) {
      GTEST_SKIP() << "this machine lacks the level";
    }
  }
  void TearDown() override {
    simd::set_level(best_);
    simd::set_task_threads(0);
  }

 private:
  simd::Level best_ = simd::level();
};

inline std::string level_name(const testing::TestParamInfo<simd::Level>& info) {
  return simd::to_string(info.param);
}

#define VOXTRAL_TTS_ALL_LEVELS(suite) \
  INSTANTIATE_TEST_SUITE_P(           \
      Levels,                         \
      suite,                          \
      testing::Values(                \
          simd::Level::kBaseline,     \
          simd::Level::kAvx2,         \
          simd::Level::kAvx512,       \
          simd::Level::kAvx512Bf16),  \
      level_name)

} // namespace voxtral_tts::mlx_delegate
