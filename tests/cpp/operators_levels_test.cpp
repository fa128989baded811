// Every level of the operators against the baseline, on sizes with whole
// vectors and rests.
#include <gmock/gmock.h>

#include <cmath>
#include <cstddef>
#include <iterator>
#include <random>
#include <vector>

#include "operators/attend.h"
#include "operators/kernels.h"
#include "operators/rowwise.h"
#include "simd/level.h"

namespace voxtral_tts::operators {
namespace {

std::vector<float> normal(size_t size, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> distribution;
  std::vector<float> values(size);
  for (float& value : values) {
    value = distribution(engine);
  }
  return values;
}

// Prefill, then single rows.
std::vector<float> attention(
    KvType type, int64_t heads, int64_t kv_heads, int64_t dim, int64_t window) {
  constexpr int64_t kRows = 150;
  const auto q = normal(static_cast<size_t>(kRows * heads * dim), 1);
  const auto k = normal(static_cast<size_t>(kRows * kv_heads * dim), 2);
  const auto v = normal(static_cast<size_t>(kRows * kv_heads * dim), 3);
  const auto slopes = normal(static_cast<size_t>(heads), 4);
  const int64_t capacity = window > 0 ? window : kRows;
  const size_t size = type == KvType::kFloat32 ? 4 : 2;
  std::vector<std::byte> keys(
      static_cast<size_t>(capacity * kv_heads * dim) * size, std::byte{0xff});
  auto values = keys;
  std::vector<float> out(q.size());
  for (int64_t row = 0; row < kRows;) {
    const int64_t rows = row == 0 ? 137 : 1;
    attend(
        {1, rows, heads, kv_heads, dim},
        {row, nullptr, window > 0 ? slopes.data() : nullptr, window},
        q.data() + row * heads * dim,
        k.data() + row * kv_heads * dim,
        v.data() + row * kv_heads * dim,
        {keys.data(), values.data(), capacity, type},
        nullptr,
        out.data() + row * heads * dim);
    row += rows;
  }
  return out;
}

class Levels : public testing::TestWithParam<simd::Level> {
 protected:
  void TearDown() override {
    simd::set_level(before_);
  }
  // What `run` gives at this level and at the baseline; skips the test where
  // the machine lacks the level.
  template <class Run>
  void expect_equal(double tolerance, Run run) {
    ASSERT_TRUE(simd::set_level(simd::Level::kBaseline));
    const std::vector<float> expected = run();
    ASSERT_TRUE(simd::set_level(GetParam()));
    const std::vector<float> actual = run();
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
      ASSERT_NEAR(actual[i], expected[i], tolerance) << "at " << i;
    }
  }
  void SetUp() override {
    if (!simd::has_level(GetParam())) {
      GTEST_SKIP() << "this machine does not have the level";
    }
  }

 private:
  simd::Level before_ = simd::level();
};

// A score is a sum of up to 128 products that reaches 45 on its way, added up
// in another order and with or without a rounding after the product: within
// 8 * 45 * 2^-24 / sqrt(128) = 2e-6, as is then a weight's share of values of
// which hardly any exceeds 2.5. A lane in the wrong place is wrong by 1e-2.
constexpr double kAttentionTolerance = 5e-6;

TEST_P(Levels, AttentionIsTheBaselines) {
  for (const KvType type :
       {KvType::kFloat32, KvType::kBfloat16, KvType::kFloat16}) {
    for (const int64_t dim : {128, 20, 72}) {
      expect_equal(
          kAttentionTolerance, [&] { return attention(type, 8, 2, dim, 0); });
      expect_equal(
          kAttentionTolerance, [&] { return attention(type, 6, 2, dim, 0); });
    }
  }
  expect_equal(kAttentionTolerance, [] {
    return attention(KvType::kFloat32, 4, 4, 128, 16);
  });
}

TEST_P(Levels, RowsAreTheBaselines) {
  const auto x = normal(3 * 2 * 331, 5);
  expect_equal(1e-6, [&] {
    std::vector<float> out(3 * 331);
    rms_norm(x.data(), x.data() + 331, 1e-5f, 3, 331, out.data());
    return out;
  });
  expect_equal(2e-6, [&] {
    std::vector<float> out(3 * 331);
    swiglu(x.data(), 3, 331, out.data());
    return out;
  });
}

INSTANTIATE_TEST_SUITE_P(
    All, Levels, testing::ValuesIn(simd::kLevels), [](const auto& info) {
      return simd::to_string(info.param);
    });

// A compiler or a condition that left a level out would go unseen: results are
// the same, only slower.
TEST(Kernels, AreOfTheLevelThatTheMachineHas) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    EXPECT_NE(simd::level(), simd::Level::kBaseline);
    const Kernels best = kernels();
    const Kernels plain = kernels(simd::Level::kBaseline);
    EXPECT_NE(best.multiply_tile, plain.multiply_tile);
    EXPECT_NE(best.rows->attend_group, plain.rows->attend_group);
    EXPECT_NE(best.rows->swiglu, plain.rows->swiglu);
  }
#endif
  for (const simd::Level level : simd::kLevels) {
    EXPECT_EQ(
        simd::has_level(level),
        simd::level_problem(simd::to_string(level)).empty());
  }
}

TEST(Level, AnUnknownNameIsToldWithWhatThereIs) {
  EXPECT_EQ(simd::level_problem(""), "");
  EXPECT_EQ(simd::level_problem("baseline"), "");
  EXPECT_THAT(
      simd::level_problem("AVX2"),
      testing::AllOf(
          testing::StartsWith("VOXTRAL_TTS_CPU='AVX2' is no level of this CPU"),
          testing::HasSubstr(" baseline")));
}

} // namespace
} // namespace voxtral_tts::operators
