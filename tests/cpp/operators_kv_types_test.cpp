// Oracle: the definition, in double precision, on values that every type of
// cache holds exactly.
#include <gmock/gmock.h>

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "operators/attend.h"

namespace voxtral_tts::operators {
namespace {

// Multiples of 1 / `steps` between -1 and 1.
std::vector<float> few_bits(size_t size, unsigned seed, float steps) {
  std::mt19937 engine(seed);
  std::vector<float> values(size);
  for (float& value : values) {
    value = std::round(
                (static_cast<float>(engine()) / 2147483648.0f - 1.0f) * steps) /
            steps;
  }
  return values;
}

// Keys and values of few bits are the same in every type. Long enough for
// several blocks of keys.
TEST(Attend, CachesOfAllTypesGiveTheSame) {
  // [150, 4 or 2 heads, 136]: a whole stretch of vectors, and a rest.
  const auto q_rows = few_bits(150 * 544, 1, 1024);
  const auto k_rows = few_bits(150 * 272, 2, 8);
  const auto v_rows = few_bits(150 * 272, 3, 8);
  std::vector<std::vector<float>> results;
  for (const KvType type :
       {KvType::kFloat32, KvType::kBfloat16, KvType::kFloat16}) {
    const size_t element = type == KvType::kFloat32 ? 4 : 2;
    std::vector<std::byte> keys(160 * 2 * 136 * element, std::byte{0xff});
    auto values = keys;
    std::vector<float> out(q_rows.size());
    for (int64_t position = 0; position < 150;) {
      const int64_t rows = position == 0 ? 140 : 1;
      attend(
          {1, rows, 4, 2, 136},
          {position, nullptr, nullptr, 0},
          q_rows.data() + position * 544,
          k_rows.data() + position * 272,
          v_rows.data() + position * 272,
          {keys.data(), values.data(), 160, type},
          nullptr,
          out.data() + position * 544);
      position += rows;
    }
    results.push_back(out);
  }
  for (size_t i = 0; i < results[0].size(); ++i) { // added up in another order
    ASSERT_NEAR(results[1][i], results[0][i], 1e-6) << i;
    ASSERT_NEAR(results[2][i], results[0][i], 1e-6) << i;
  }
  // Against the definition: the last row attends to all.
  const float* q = q_rows.data() + 149 * 544;
  double total = 0;
  std::vector<double> wanted(136);
  for (int64_t row = 0; row < 150; ++row) {
    double score = 0;
    for (int64_t i = 0; i < 136; ++i) {
      score +=
          q[i] * k_rows[static_cast<size_t>(row * 272 + i)] / std::sqrt(136.0);
    }
    total += std::exp(score);
    for (int64_t i = 0; i < 136; ++i) {
      wanted[static_cast<size_t>(i)] +=
          std::exp(score) * v_rows[static_cast<size_t>(row * 272 + i)];
    }
  }
  for (size_t i = 0; i < 136; ++i) {
    EXPECT_NEAR(results[0][149 * 544 + i], wanted[i] / total, 2e-6);
  }
}

} // namespace
} // namespace voxtral_tts::operators
