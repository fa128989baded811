// Oracle: tests/golden/generate_rng.py, the specification in Python integers
// and NumPy doubles.
#include "support/rng.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace voxtral_tts::support {
namespace {

nlohmann::json golden_cases() {
  std::ifstream file(
      std::string(VOXTRAL_TTS_TEST_DATA_DIR) + "/golden/rng_seed42.json");
  return nlohmann::json::parse(file);
}

// One unit in the last place of float: the double logarithm and sine may
// differ by an ulp of double between math libraries, which can move a value
// across one rounding boundary of float, not two.
void expect_within_one_ulp(float actual, float expected) {
  const float up = std::nextafter(expected, INFINITY);
  const float down = std::nextafter(expected, -INFINITY);
  EXPECT_TRUE(actual >= down && actual <= up)
      << actual << " is not " << expected;
}

TEST(Rng, StreamsEqualTheGoldenSequences) {
  const auto cases = golden_cases();
  ASSERT_EQ(cases.size(), 3);
  for (const auto& golden : cases) {
    const uint64_t seed = std::stoull(golden["seed"].get<std::string>());
    SCOPED_TRACE(seed);
    NormalStream normal(seed);
    ASSERT_EQ(golden["normal"].size(), 72);
    for (const auto& expected : golden["normal"]) {
      expect_within_one_ulp(normal.next(), expected.get<float>());
    }
    GumbelStream gumbel(seed);
    ASSERT_EQ(golden["gumbel"].size(), 16);
    for (const auto& expected : golden["gumbel"]) {
      expect_within_one_ulp(gumbel.next(), expected.get<float>());
    }
  }
}

TEST(Rng, TheSeedWhoseStateWouldBeZeroIsNotStuck) {
  // splitmix64 maps the seed -gamma to the state 0.
  Rng rng(-0x9E3779B97F4A7C15ULL);
  EXPECT_NE(rng.next_u64(), 0);
  EXPECT_NE(rng.next_u64(), rng.next_u64());
}

TEST(Rng, UniformStaysInsideTheOpenInterval) {
  Rng rng(1);
  double sum = 0;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    const double value = rng.uniform();
    ASSERT_GT(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  // The mean's standard deviation is 1 / sqrt(12 * 100000) = 0.0009.
  EXPECT_NEAR(sum / kCount, 0.5, 0.005);
}

TEST(Rng, NormalMomentsAreStandard) {
  NormalStream normal(7);
  double sum = 0;
  double squares = 0;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    const double value = normal.next();
    sum += value;
    squares += value * value;
  }
  // Five standard deviations of each estimate: 5 / sqrt(n), 5 sqrt(2 / n).
  EXPECT_NEAR(sum / kCount, 0.0, 0.016);
  EXPECT_NEAR(squares / kCount, 1.0, 0.023);
}

} // namespace
} // namespace voxtral_tts::support
