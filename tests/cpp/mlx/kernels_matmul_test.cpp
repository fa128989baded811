#include <limits>
#include <stdexcept>

#include "kernels/matmul.h"
#include "kernels_testing.h"

namespace voxtral_tts::mlx_delegate {
namespace {

const mx::Dtype kTypes[] = {mx::float32, mx::float16, mx::bfloat16};

// a [batches, m, k] and b [batches, k, n], leading dimensions flattened.
std::vector<double> oracle(
    const std::vector<double>& a,
    const std::vector<double>& b,
    size_t m,
    size_t n,
    size_t k) {
  const size_t batches = b.size() / (n * k);
  std::vector<double> y(batches * m * n);
  for (size_t batch = 0; batch < batches; ++batch) {
    for (size_t i = 0; i < m; ++i) {
      for (size_t j = 0; j < n; ++j) {
        double sum = 0;
        for (size_t l = 0; l < k; ++l) {
          sum += a[(batch * m + i) * k + l] * b[(batch * k + l) * n + j];
        }
        y[(batch * m + i) * n + j] = sum;
      }
    }
  }
  return y;
}

mx::array weights(int k, int n, mx::Dtype type) { // as a transposed view
  mx::array w = mx::swapaxes(normal({n, k}, type, 21), 0, 1, cpu_stream());
  mx::eval(w);
  return w;
}

class MatmulTest : public PerLevel {};

TEST_P(MatmulTest, EverySize) {
  for (const mx::Dtype type : kTypes) {
    for (const int m : {0, 1, 2, 3, 5, 6, 8, 17, 64}) {
      for (const int k : {1, 7, 64, 100, 257}) {
        for (const int n : {1, 53}) {
          SCOPED_TRACE(
              std::to_string(m) + "x" + std::to_string(k) + "x" +
              std::to_string(n));
          const mx::array a = normal({m, k}, type, 1);
          for (const mx::array& b :
               {weights(k, n, type), normal({k, n}, type, 2)}) {
            const mx::array y = matmul(a, b, cpu_stream());
            EXPECT_EQ(y.shape(), (mx::Shape{m, n}));
            EXPECT_EQ(y.dtype(), type);
            expect_close(
                numbers(y),
                oracle(
                    numbers(a),
                    numbers(b),
                    static_cast<size_t>(m),
                    static_cast<size_t>(n),
                    static_cast<size_t>(k)),
                type);
          }
        }
      }
    }
  }
}

TEST_P(MatmulTest, ManyRows) {
  for (const mx::Dtype type : kTypes) {
    const mx::array a = normal({513, 200}, type, 1);
    const mx::array b = weights(200, 101, type);
    expect_close(
        numbers(matmul(a, b, cpu_stream())),
        oracle(numbers(a), numbers(b), 513, 101, 200),
        type);
  }
}

TEST_P(MatmulTest, EmptyDepth) {
  const mx::array y = matmul(
      mx::zeros({2, 0}, mx::float32),
      mx::zeros({0, 3}, mx::float32),
      cpu_stream());
  EXPECT_EQ(numbers(y), std::vector<double>(6, 0.0));
}

TEST_P(MatmulTest, StridedOperands) {
  const mx::Stream stream = cpu_stream();
  const mx::array a = mx::slice(
      mx::swapaxes(normal({3, 60, 8}, mx::float32, 1), 1, 2, stream),
      {0, 1, 0},
      {3, 8, 60},
      {2, 3, 2},
      stream); // [2, 3, 30]
  const mx::array rows = mx::swapaxes(
      mx::slice(
          normal({80, 64}, mx::float32, 2), {3, 5}, {80, 35}, {7, 1}, stream),
      0,
      1,
      stream); // [30, 11], rows of 30 among 64 * 7
  const mx::array neither = mx::slice(
      normal({60, 33}, mx::float32, 3), {0, 0}, {60, 33}, {2, 3}, stream);
  const mx::array broadcast =
      mx::broadcast_to(normal({30, 1}, mx::float32, 4), {30, 11}, stream);
  for (const mx::array& b : {rows, neither, broadcast}) {
    const mx::array y = matmul(a, b, stream);
    EXPECT_EQ(y.shape(), (mx::Shape{2, 3, 11}));
    expect_close(
        numbers(y), oracle(numbers(a), numbers(b), 6, 11, 30), mx::float32);
  }
}

TEST_P(MatmulTest, BatchedB) {
  const mx::Stream stream = cpu_stream();
  const mx::array a = normal({2, 1, 5, 40}, mx::float32, 1);
  for (const mx::array& b :
       {normal({3, 40, 9}, mx::float32, 2),
        mx::swapaxes(normal({3, 9, 40}, mx::float32, 3), 1, 2, stream)}) {
    const mx::array y = matmul(a, b, stream);
    EXPECT_EQ(y.shape(), (mx::Shape{2, 3, 5, 9}));
    expect_close(
        numbers(y),
        oracle(
            numbers(mx::broadcast_to(a, {2, 3, 5, 40}, stream)),
            numbers(mx::broadcast_to(b, {2, 3, 40, 9}, stream)),
            5,
            9,
            40),
        mx::float32);
  }
}

TEST_P(MatmulTest, SameBytesForAnyThreadAndRowCount) {
  for (const mx::Dtype type : kTypes) {
    const mx::array a = normal({200, 300}, type, 1);
    const mx::array b = weights(300, 400, type);
    simd::set_task_threads(1);
    const std::string one = bytes(matmul(a, b, cpu_stream()));
    simd::set_task_threads(2);
    EXPECT_EQ(bytes(matmul(a, b, cpu_stream())), one);
    for (const int row : {0, 7, 199}) {
      const mx::array alone =
          mx::slice(a, {row, 0}, {row + 1, 300}, cpu_stream());
      const size_t size = 400 * type.size();
      EXPECT_EQ(
          bytes(matmul(alone, b, cpu_stream())),
          one.substr(static_cast<size_t>(row) * size, size));
    }
  }
}

TEST_P(MatmulTest, NonFiniteInputsStayInTheirRow) {
  for (const mx::Dtype type : kTypes) {
    std::vector<float> values(3 * 50, 0.5f);
    values[50 + 49] = std::numeric_limits<float>::quiet_NaN();
    const mx::array a =
        mx::astype(mx::array(values.data(), {3, 50}), type, cpu_stream());
    const std::vector<double> y =
        numbers(matmul(a, weights(50, 20, type), cpu_stream()));
    for (size_t i = 0; i < y.size(); ++i) {
      EXPECT_EQ(std::isfinite(y[i]), i / 20 != 1) << i;
    }
  }
}

// Every float16 there is, through the level's conversions and back; products
// with one are exact.
TEST_P(MatmulTest, Float16ConversionsAreExact) {
  std::vector<uint16_t> all;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    if ((bits & 0x7c00) != 0x7c00) {
      all.push_back(static_cast<uint16_t>(bits));
    }
  }
  const int count = static_cast<int>(all.size());
  mx::array halves = mx::view(
      mx::array(all.data(), {count, 1}, mx::uint16), mx::float16, cpu_stream());
  const mx::array one = mx::ones({1, 1}, mx::float16);
  const std::string products = bytes(matmul(halves, one, cpu_stream()));
  std::string expected = bytes(halves);
  // 0 + -0 is 0.
  std::memset(expected.data() + (0x7c00) * 2, 0, 2);
  EXPECT_EQ(products, expected);
}

TEST_P(MatmulTest, ResultsAreRoundedToNearestEven) {
  const std::vector<float> values{
      1.0f,
      1.00390625f,
      1.01171875f,
      65519.0f,
      65520.0f,
      1e30f,
      -1e30f,
      5.9e-8f,
      2.9e-8f,
      3.1e-8f,
      6.1e-5f,
      1e-9f,
      0.33333f,
      2049.0f,
      2051.0f,
      3.4e38f,
      -0.1f,
      7.0f};
  const int count = static_cast<int>(values.size());
  const mx::array x(values.data(), {count, 1});
  for (const mx::Dtype type : {mx::float16, mx::bfloat16}) {
    // x = high + low exactly enough for the sum to be rounded once.
    const mx::array high = mx::astype(x, type, cpu_stream());
    const mx::array a = mx::concatenate({high, high}, 1, cpu_stream());
    const mx::array b = mx::astype(
        mx::array({1.0f, 0.00048828125f}, {2, 1}), type, cpu_stream());
    const mx::array expected = mx::astype(
        mx::multiply(
            mx::astype(high, mx::float32, cpu_stream()),
            mx::array(1.00048828125f),
            cpu_stream()),
        type,
        cpu_stream());
    EXPECT_EQ(bytes(matmul(a, b, cpu_stream())), bytes(expected));
  }
}

TEST(MatmulArguments, RejectsWhatItCannotRun) {
  const mx::array a = normal({2, 4}, mx::float32, 1);
  EXPECT_THROW(
      matmul(a, mx::zeros({5, 2}), cpu_stream()), std::invalid_argument);
  EXPECT_THROW(
      matmul(a, mx::zeros({4, 2}, mx::bfloat16), cpu_stream()),
      std::invalid_argument);
  EXPECT_THROW(matmul(a, mx::zeros({4}), cpu_stream()), std::invalid_argument);
}

VOXTRAL_TTS_ALL_LEVELS(MatmulTest);

} // namespace
} // namespace voxtral_tts::mlx_delegate
