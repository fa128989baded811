#include <limits>
#include <stdexcept>

#include "kernels/matmul.h"
#include "kernels_testing.h"

namespace voxtral_tts::mlx_delegate {
namespace {

struct Weights {
  mx::array words;
  mx::array scales;
  mx::array biases;
  int group_size;
  int bits;
};

// Symmetric weights have bias = -2^(bits - 1) * scale, as exporters make them.
Weights make_weights(
    int n, int k, int group_size, int bits, mx::Dtype type, bool symmetric) {
  const mx::Stream stream = cpu_stream();
  const auto key = mx::random::key(7);
  mx::array words = mx::random::bits({n, k * bits / 32}, 4, key, stream);
  mx::array scales = mx::astype(
      mx::abs(normal({n, k / group_size}, mx::float32, 8), stream),
      type,
      stream);
  mx::array biases =
      symmetric ? mx::multiply(
                      scales,
                      mx::array(-static_cast<float>(1 << (bits - 1)), type),
                      stream)
                : normal({n, k / group_size}, type, 9);
  mx::eval(words, scales, biases);
  return {words, scales, biases, group_size, bits};
}

mx::array run(const mx::array& x, const Weights& w) {
  mx::array y = quantized_matmul(
      x, w.words, w.scales, w.biases, w.group_size, w.bits, cpu_stream());
  mx::eval(y);
  return y;
}

std::vector<double> oracle(const mx::array& x, const Weights& w) {
  const int64_t k = x.shape(-1);
  const int64_t n = w.words.shape(0);
  const int64_t m = static_cast<int64_t>(x.size()) / k;
  const std::vector<double> xs = numbers(x);
  const std::vector<double> scales = numbers(w.scales);
  const std::vector<double> biases = numbers(w.biases);
  std::vector<double> y(static_cast<size_t>(m * n));
  std::vector<double> row(static_cast<size_t>(k));
  for (int64_t j = 0; j < n; ++j) {
    for (int64_t i = 0; i < k; ++i) {
      const int64_t bit = i * w.bits;
      const uint32_t word =
          w.words.data<uint32_t>()[j * (k * w.bits / 32) + bit / 32];
      const uint32_t field = word >> (bit % 32) & ((1u << w.bits) - 1);
      const auto group =
          static_cast<size_t>(j * (k / w.group_size) + i / w.group_size);
      row[static_cast<size_t>(i)] = scales[group] * field + biases[group];
    }
    for (int64_t r = 0; r < m; ++r) {
      double sum = 0;
      for (int64_t i = 0; i < k; ++i) {
        sum += xs[static_cast<size_t>(r * k + i)] * row[static_cast<size_t>(i)];
      }
      y[static_cast<size_t>(r * n + j)] = sum;
    }
  }
  return y;
}

const mx::Dtype kTypes[] = {mx::float32, mx::float16, mx::bfloat16};

class QuantizedMatmulTest : public PerLevel {};

TEST_P(QuantizedMatmulTest, EveryFormatAndType) {
  for (const int bits : {2, 4, 8}) {
    for (const int group_size : {32, 64, 128}) {
      for (const int groups : {1, 3, 8}) {
        for (const mx::Dtype x_type : kTypes) {
          for (const mx::Dtype w_type : kTypes) {
            for (const bool symmetric : {true, false}) {
              SCOPED_TRACE(
                  std::to_string(bits) + " bits, groups of " +
                  std::to_string(group_size) + ", " + std::to_string(groups) +
                  (symmetric ? " symmetric" : ""));
              const int k = group_size * groups;
              const Weights w =
                  make_weights(53, k, group_size, bits, w_type, symmetric);
              const mx::array x = normal({3, k}, x_type, 1);
              const mx::array y = run(x, w);
              EXPECT_EQ(y.dtype(), x_type);
              expect_close(numbers(y), oracle(x, w), x_type);
            }
          }
        }
      }
    }
  }
}

TEST_P(QuantizedMatmulTest, EveryRowCount) {
  for (const int m : {0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 17, 64, 513}) {
    for (const mx::Dtype type : {mx::float32, mx::bfloat16}) {
      SCOPED_TRACE(m);
      const Weights w = make_weights(101, 256, 64, 4, type, true);
      const mx::array x = normal({m, 256}, type, 2);
      const mx::array y = run(x, w);
      EXPECT_EQ(y.shape(), (mx::Shape{m, 101}));
      expect_close(numbers(y), oracle(x, w), type);
    }
  }
}

TEST_P(QuantizedMatmulTest, ModelSizedDepth) {
  for (const int k : {3072, 9216}) {
    for (const bool symmetric : {true, false}) {
      const Weights w = make_weights(40, k, 64, 4, mx::float32, symmetric);
      const mx::array x = normal({6, k}, mx::float32, 3);
      expect_close(numbers(run(x, w)), oracle(x, w), mx::float32);
    }
  }
}

TEST_P(QuantizedMatmulTest, LeadingDimensionsAndStrides) {
  const mx::Stream stream = cpu_stream();
  const Weights w = make_weights(19, 128, 32, 4, mx::bfloat16, true);
  const mx::array base = normal({5, 128, 3, 4}, mx::bfloat16, 4);
  // Last dimension strided, then merely sliced, then broadcast.
  const mx::array moved = mx::transpose(base, {2, 0, 3, 1}, stream);
  const mx::array sliced = mx::slice(
      normal({4, 6, 256}, mx::float32, 5),
      {1, 0, 64},
      {4, 6, 192},
      {2, 3, 1},
      stream);
  const mx::array repeated = mx::broadcast_to(
      normal({1, 1, 128}, mx::float16, 6), {3, 2, 128}, stream);
  const mx::array vector = normal({128}, mx::float32, 7);
  for (const mx::array& x : {moved, sliced, repeated, vector}) {
    const mx::array y = run(x, w);
    mx::Shape shape = x.shape();
    shape.back() = 19;
    EXPECT_EQ(y.shape(), shape);
    expect_close(numbers(y), oracle(x, w), x.dtype());
  }
}

TEST_P(QuantizedMatmulTest, StridedWeights) {
  const mx::Stream stream = cpu_stream();
  Weights w = make_weights(40, 256, 64, 4, mx::float32, false);
  const mx::array x = normal({2, 256}, mx::float32, 8);
  const auto every_second = [&](const mx::array& a) {
    return mx::slice(a, {1, 0}, {40, a.shape(1)}, {2, 1}, stream);
  };
  const std::vector<double> all = oracle(x, w);
  std::vector<double> expected;
  for (size_t i = 1; i < all.size(); i += 2) {
    expected.push_back(all[i]);
  }
  const mx::array y = quantized_matmul(
      x,
      every_second(w.words),
      every_second(w.scales),
      every_second(w.biases),
      64,
      4,
      stream);
  expect_close(numbers(y), expected, mx::float32);
}

TEST_P(QuantizedMatmulTest, SameBytesForAnyThreadAndRowCount) {
  const Weights w = make_weights(500, 512, 64, 4, mx::bfloat16, false);
  for (const mx::Dtype type : kTypes) {
    const mx::array x = normal({130, 512}, type, 9);
    simd::set_task_threads(1);
    const std::string one = bytes(run(x, w));
    simd::set_task_threads(2);
    EXPECT_EQ(bytes(run(x, w)), one);
    // A row alone is what it is among others.
    for (const int row : {0, 5, 129}) {
      const mx::array alone =
          mx::slice(x, {row, 0}, {row + 1, 512}, cpu_stream());
      const size_t size = 500 * type.size();
      EXPECT_EQ(
          bytes(run(alone, w)),
          one.substr(static_cast<size_t>(row) * size, size));
    }
  }
}

TEST_P(QuantizedMatmulTest, NonFiniteInputsStayInTheirRow) {
  const Weights w = make_weights(20, 128, 64, 4, mx::bfloat16, true);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(),
        std::numeric_limits<float>::infinity()}) {
    for (const mx::Dtype type : kTypes) {
      std::vector<float> values(3 * 128, 0.5f);
      values[128 + 77] = bad;
      const mx::array x =
          mx::astype(mx::array(values.data(), {3, 128}), type, cpu_stream());
      const std::vector<double> y = numbers(run(x, w));
      for (size_t i = 0; i < y.size(); ++i) {
        EXPECT_EQ(std::isfinite(y[i]), i / 20 != 1) << i;
      }
    }
  }
}

TEST_P(QuantizedMatmulTest, ClosedGraphRunsOnAnotherThreadsStream) {
  const Weights w = make_weights(64, 64, 64, 4, mx::float32, true);
  mx::array y = normal({1, 64}, mx::float32, 10);
  const mx::array x = y;
  // Intermediate arrays die while their consumers wait.
  for (int i = 0; i < 20; ++i) {
    y = mx::multiply(
        quantized_matmul(y, w.words, w.scales, w.biases, 64, 4, cpu_stream()),
        mx::array(0.01f),
        cpu_stream());
  }
  for (const double value : numbers(y)) {
    EXPECT_TRUE(std::isfinite(value));
  }
}

TEST(QuantizedMatmulArguments, RejectsWhatItCannotRun) {
  const Weights w = make_weights(8, 128, 64, 4, mx::float32, true);
  const mx::array x = normal({2, 128}, mx::float32, 1);
  EXPECT_TRUE(supports_quantized_matmul(x, w.words, 64, 4));
  EXPECT_FALSE(supports_quantized_matmul(x, w.words, 64, 3));
  EXPECT_FALSE(supports_quantized_matmul(x, w.words, 16, 4));
  EXPECT_FALSE(supports_quantized_matmul(x, w.words, 64, 8));
  const auto call = [&](const mx::array& scales, int group_size) {
    return quantized_matmul(
        x, w.words, scales, w.biases, group_size, 4, cpu_stream());
  };
  EXPECT_THROW(call(w.scales, 32), std::invalid_argument);
  EXPECT_THROW(call(mx::zeros({8, 1}), 64), std::invalid_argument);
  EXPECT_THROW(call(mx::zeros({8, 2}, mx::int32), 64), std::invalid_argument);
}

VOXTRAL_TTS_ALL_LEVELS(QuantizedMatmulTest);

} // namespace
} // namespace voxtral_tts::mlx_delegate
