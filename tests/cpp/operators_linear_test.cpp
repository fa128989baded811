// Oracle: the product written out in double precision over the quantised rows.
#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include "operators/linear/linear.h"
#include "operators/linear/quantize_rows.h"
#include "simd/level.h"
#include "simd/tasks.h"

namespace voxtral_tts::operators {
namespace {

float bf16_to_float(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

// Random weights in the order that export/packed_weights.py documents, and the
// same as plain numbers.
struct Weights {
  PackedWeights packed;
  std::vector<uint8_t> values;
  std::vector<uint16_t> half_scales;
  std::vector<float> float_scales;
  std::vector<float> sums;
  std::vector<double> full; // [columns, depth]

  Weights(int bits, int64_t columns, int64_t depth, int64_t group_size) {
    packed.bits = bits;
    packed.columns = columns;
    packed.depth = depth;
    packed.group_size = group_size;
    if (group_size == 0) {
      packed.group_size = packed.padded_depth();
    }
    values.resize(static_cast<size_t>(packed.tiles() * packed.tile_bytes()));
    const auto scales =
        static_cast<size_t>(packed.tiles() * packed.groups() * kTileColumns);
    half_scales.resize(scales);
    float_scales.resize(scales);
    sums.resize(static_cast<size_t>(packed.tiles() * kTileColumns));
    full.resize(static_cast<size_t>(columns * depth));
    std::mt19937 engine(static_cast<unsigned>(columns * depth + bits));
    for (int64_t c = 0; c < columns; ++c) {
      fill(c, engine);
    }
    packed.values = values.data();
    packed.scales = bits == 4 ? static_cast<const void*>(half_scales.data())
                              : float_scales.data();
    packed.sums = sums.data();
  }

 private:
  void fill(int64_t c, std::mt19937& engine) {
    const int64_t tile = c / kTileColumns;
    const int64_t lane = c % kTileColumns;
    double sum = 0;
    for (int64_t g = 0; g < packed.groups(); ++g) {
      const auto bits = static_cast<uint16_t>(0x3a00 + engine() % 0x200);
      const auto index = static_cast<size_t>(
          (tile * packed.groups() + g) * kTileColumns + lane);
      half_scales[index] = bits;
      float_scales[index] = bf16_to_float(bits);
      const int64_t end = std::min(packed.depth, (g + 1) * packed.group_size);
      for (int64_t k = g * packed.group_size; k < end; ++k) {
        const int limit = 1 << (packed.bits - 1);
        const int value =
            static_cast<int>(engine() % static_cast<unsigned>(2 * limit)) -
            limit;
        put(tile, lane, k, value);
        const double weight = value * double(bf16_to_float(bits));
        full[static_cast<size_t>(c * packed.depth + k)] = weight;
        sum += weight;
      }
    }
    sums[static_cast<size_t>(c)] = static_cast<float>(sum);
  }

  void put(int64_t tile, int64_t lane, int64_t k, int value) {
    const int64_t step = k / kStepInputs;
    const int64_t stored = packed.bits == 4 ? step / 2 : step;
    const auto at = static_cast<size_t>(
        tile * packed.tile_bytes() + stored * kStepBytes + lane * kStepInputs +
        k % kStepInputs);
    if (packed.bits == 8) {
      values[at] = static_cast<uint8_t>(value);
    } else {
      values[at] |=
          static_cast<uint8_t>((value & 15) << (step % 2 == 0 ? 0 : 4));
    }
  }
};

std::vector<float> random_rows(int64_t rows, int64_t depth) {
  std::mt19937 engine(static_cast<unsigned>(rows * 1000 + depth));
  std::normal_distribution<float> normal;
  std::vector<float> x(static_cast<size_t>(rows * depth));
  for (float& value : x) {
    value = normal(engine);
  }
  return x;
}

std::vector<float> product(
    const Weights& weights, const std::vector<float>& x, int64_t rows) {
  std::vector<std::byte> scratch(linear_scratch_size(weights.packed, rows));
  std::vector<float> out(
      static_cast<size_t>(rows * weights.packed.columns), -7.0f);
  linear(weights.packed, x.data(), rows, scratch.data(), out.data());
  return out;
}

struct Quantized {
  std::vector<uint8_t> values;
  std::vector<float> scales;
  std::vector<float> zeros;
  int64_t stride;

  Quantized(const std::vector<float>& x, int64_t rows, int64_t depth)
      : stride(quantized_stride(depth)) {
    values.resize(static_cast<size_t>(rows * stride), 9);
    scales.resize(static_cast<size_t>(rows));
    zeros.resize(static_cast<size_t>(rows));
    quantize_rows(
        x.data(),
        depth,
        0,
        rows,
        {rows, stride, values.data(), scales.data(), zeros.data()});
  }
  double value(int64_t row, int64_t k) const {
    const auto r = static_cast<size_t>(row);
    return scales[r] *
           (double(values[static_cast<size_t>(row * stride + k)]) - zeros[r]);
  }
};

class Linear : public testing::TestWithParam<simd::Level> {
 protected:
  void SetUp() override {
    before_ = simd::level();
    if (!simd::set_level(GetParam())) {
      GTEST_SKIP() << "this machine does not have the level";
    }
  }
  void TearDown() override {
    simd::set_level(before_);
  }

 private:
  simd::Level before_{};
};

struct Case {
  int bits;
  int64_t columns, depth, group_size; // 0: one group
};

// Whole numbers are exact; a float32 sum over g groups is within g roundings of
// the sum of magnitudes.
TEST_P(Linear, EqualsTheProductOfTheQuantisedRows) {
  for (const Case& c :
       {Case{4, 32, 32, 32},
        Case{4, 33, 96, 32},
        Case{4, 70, 256, 64},
        Case{4, 1, 256, 128},
        Case{8, 64, 64, 0},
        Case{8, 31, 37, 0},
        Case{8, 100, 1024, 0},
        Case{8, 5, 3, 0}}) {
    const Weights weights(c.bits, c.columns, c.depth, c.group_size);
    for (const int64_t rows : {1, 2, 5, 6, 7, 13, 30}) {
      const auto x = random_rows(rows, c.depth);
      const Quantized quantized(x, rows, c.depth);
      const auto out = product(weights, x, rows);
      for (int64_t row = 0; row < rows; ++row) {
        for (int64_t column = 0; column < c.columns; ++column) {
          double expected = 0;
          double magnitude = 0;
          for (int64_t k = 0; k < c.depth; ++k) {
            const double weight =
                weights.full[static_cast<size_t>(column * c.depth + k)];
            expected += weight * quantized.value(row, k);
            magnitude += std::fabs(weight) * 255 *
                         quantized.scales[static_cast<size_t>(row)];
          }
          ASSERT_NEAR(
              out[static_cast<size_t>(row * c.columns + column)],
              expected,
              magnitude * 1e-6)
              << c.bits << " bits, " << c.columns << " x " << c.depth
              << ", row " << row << " of " << rows << ", column " << column;
        }
      }
    }
  }
}

TEST_P(Linear, ARowDoesNotDependOnTheOthersNorOnTheThreads) {
  const Weights weights(4, 200, 256, 32);
  const auto x = random_rows(29, 256);
  const auto all = product(weights, x, 29);
  simd::set_task_threads(1);
  EXPECT_EQ(product(weights, x, 29), all);
  simd::set_task_threads(0);
  for (int64_t row = 0; row < 29; ++row) {
    const std::vector<float> one(
        x.begin() + row * 256, x.begin() + (row + 1) * 256);
    const std::vector<float> expected(
        all.begin() + row * 200, all.begin() + (row + 1) * 200);
    EXPECT_EQ(product(weights, one, 1), expected) << row;
  }
}

TEST_P(Linear, WhatIsNotFiniteFillsItsRowAlone) {
  const Weights weights(4, 40, 64, 32);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(),
        std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    for (const size_t at : {0, 15, 40, 63}) {
      auto x = random_rows(3, 64);
      x[64 + at] = bad;
      const auto out = product(weights, x, 3);
      for (size_t i = 0; i < out.size(); ++i) {
        EXPECT_EQ(std::isnan(out[i]), i / 40 == 1) << bad << " at " << at;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Levels, Linear, testing::ValuesIn(simd::kLevels), [](const auto& info) {
      return simd::to_string(info.param);
    });

TEST(QuantizeRows, CoversTheRangeAndZeroExactly) {
  auto x = random_rows(4, 130);
  x[3] = 0;
  std::fill_n(x.begin() + 130, 130, 2.5f);      // no negative value
  std::fill_n(x.begin() + 2 * 130, 130, -0.5f); // no positive one
  std::fill_n(x.begin() + 3 * 130, 130, 0.0f);
  const Quantized quantized(x, 4, 130);
  EXPECT_EQ(quantized.value(0, 3), 0);
  for (int64_t row = 0; row < 4; ++row) {
    const double step = quantized.scales[static_cast<size_t>(row)];
    for (int64_t k = 0; k < 130; ++k) {
      EXPECT_NEAR(
          quantized.value(row, k),
          x[static_cast<size_t>(row * 130 + k)],
          step * 0.75); // rounding, and the zero point's own
    }
    for (int64_t k = 130; k < quantized.stride; ++k) {
      EXPECT_EQ(quantized.value(row, k), 0) << "the filling";
    }
  }
}

TEST(QuantizeRows, ASpanThatOverflowsIsNotFinite) {
  std::vector<float> x(64, 1.0f);
  x[0] = 3e38f;
  x[1] = -3e38f;
  EXPECT_TRUE(std::isnan(Quantized(x, 1, 64).scales[0]));
}

} // namespace
} // namespace voxtral_tts::operators
