#include <limits>
#include <optional>
#include <stdexcept>

#include "kernels/sdpa.h"
#include "kernels_testing.h"

namespace voxtral_tts::mlx_delegate {
namespace {

std::vector<double> oracle(
    const mx::array& q,
    const mx::array& k,
    const mx::array& v,
    double scale,
    const std::optional<mx::array>& mask,
    bool causal) {
  const mx::Stream stream = cpu_stream();
  const int b = q.shape(0), h = q.shape(1), t = q.shape(2), d = q.shape(3);
  const int hkv = k.shape(1), s = k.shape(2), dv = v.shape(3);
  const std::vector<double> qs = numbers(q), ks = numbers(k), vs = numbers(v);
  std::vector<double> added(static_cast<size_t>(b * h * t * s), 0.0);
  if (mask) {
    const mx::array full = mx::broadcast_to(*mask, {b, h, t, s}, stream);
    added = numbers(full);
    if (mask->dtype() == mx::bool_) {
      for (double& x : added) {
        x = x != 0 ? 0 : -std::numeric_limits<double>::infinity();
      }
    }
  }
  std::vector<double> out;
  for (int row = 0; row < b * h * t; ++row) {
    const int batch = row / t / h, kv = row / t % h / (h / hkv);
    std::vector<double> weights(static_cast<size_t>(s), 0.0);
    double total = 0;
    for (int j = 0; j < s; ++j) {
      if (causal && j > s - t + row % t) {
        continue;
      }
      double dot = 0;
      for (int i = 0; i < d; ++i) {
        dot += qs[static_cast<size_t>(row * d + i)] *
               ks[static_cast<size_t>(((batch * hkv + kv) * s + j) * d + i)];
      }
      const auto at = static_cast<size_t>(j);
      weights[at] =
          std::exp(dot * scale + added[static_cast<size_t>(row * s + j)]);
      total += weights[at];
    }
    for (int i = 0; i < dv; ++i) {
      double sum = 0;
      for (int j = 0; j < s; ++j) {
        sum += weights[static_cast<size_t>(j)] *
               vs[static_cast<size_t>(((batch * hkv + kv) * s + j) * dv + i)];
      }
      out.push_back(total > 0 ? sum / total : 0);
    }
  }
  return out;
}

void check(
    const mx::array& q,
    const mx::array& k,
    const mx::array& v,
    const std::optional<mx::array>& mask,
    bool causal) {
  const mx::array y = sdpa(q, k, v, 0.3f, mask, causal, cpu_stream());
  EXPECT_EQ(
      y.shape(), (mx::Shape{q.shape(0), q.shape(1), q.shape(2), v.shape(3)}));
  EXPECT_EQ(y.dtype(), q.dtype());
  expect_close(
      numbers(y),
      oracle(q, k, v, static_cast<double>(0.3f), mask, causal),
      q.dtype());
}

const mx::Dtype kTypes[] = {mx::float32, mx::float16, mx::bfloat16};

TEST(Sdpa, GroupedHeadsAndTypes) {
  for (const mx::Dtype type : kTypes) {
    for (const int t : {1, 5}) {
      for (const bool causal : {false, true}) {
        check(
            normal({2, 6, t, 20}, type, 1),
            normal({2, 2, 9, 20}, type, 2),
            normal({2, 2, 9, 12}, type, 3),
            std::nullopt,
            causal);
      }
    }
  }
}

TEST(Sdpa, Masks) {
  const mx::Stream stream = cpu_stream();
  const mx::array q = normal({2, 4, 3, 16}, mx::float32, 1);
  const mx::array k = normal({2, 4, 7, 16}, mx::float32, 2);
  const mx::array v = normal({2, 4, 7, 16}, mx::float32, 3);
  const mx::array boolean =
      mx::greater(normal({3, 7}, mx::float32, 4), mx::array(-0.3f), stream);
  for (const bool causal : {false, true}) {
    check(q, k, v, boolean, causal);
    check(q, k, v, normal({2, 1, 3, 7}, mx::float32, 5), causal);
    check(q, k, v, normal({1, 4, 1, 7}, mx::bfloat16, 6), causal);
  }
  check(q, k, v, mx::zeros({3, 7}, mx::bool_), false); // no key: zero
}

TEST(Sdpa, ReadsSlicesOfACache) {
  const mx::Stream stream = cpu_stream();
  for (const mx::Dtype type : kTypes) {
    const auto cache = [&](int seed) {
      return mx::slice(
          normal({1, 2, 64, 24}, type, seed),
          {0, 0, 0, 0},
          {1, 2, 11, 24},
          stream);
    };
    // [B, T, H, D] projections seen as [B, H, T, D], every other column.
    const mx::array q = mx::slice(
        mx::transpose(normal({1, 4, 8, 48}, type, 1), {0, 2, 1, 3}, stream),
        {0, 0, 0, 0},
        {1, 8, 4, 48},
        {1, 1, 1, 2},
        stream);
    check(q, cache(2), cache(3), std::nullopt, true);
  }
}

TEST(Sdpa, MoreQueriesThanKeysSeeNothing) {
  check(
      normal({1, 1, 4, 8}, mx::float32, 1),
      normal({1, 1, 2, 8}, mx::float32, 2),
      normal({1, 1, 2, 8}, mx::float32, 3),
      std::nullopt,
      true);
}

TEST(Sdpa, EmptyOperands) {
  for (const auto& [t, s] : {std::pair{0, 3}, std::pair{2, 0}}) {
    check(
        normal({1, 2, t, 8}, mx::float32, 1),
        normal({1, 2, s, 8}, mx::float32, 2),
        normal({1, 2, s, 8}, mx::float32, 3),
        std::nullopt,
        false);
  }
}

TEST(Sdpa, SameBytesForAnyThreadCount) {
  const mx::array q = normal({1, 8, 40, 32}, mx::bfloat16, 1);
  const mx::array k = normal({1, 2, 100, 32}, mx::bfloat16, 2);
  simd::set_task_threads(1);
  const auto run = [&] {
    return bytes(sdpa(q, k, k, 0.2f, std::nullopt, true, cpu_stream()));
  };
  const std::string one = run();
  simd::set_task_threads(2);
  EXPECT_EQ(run(), one);
  simd::set_task_threads(0);
}

TEST(Sdpa, NonFiniteOperands) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const int broken : {0, 1, 2}) {
    std::vector<mx::array> x;
    for (int i = 0; i < 3; ++i) {
      std::vector<float> values(2 * 4, 0.5f);
      if (i == broken) {
        values[5] = nan; // row 1
      }
      x.push_back(mx::array(values.data(), {1, 1, 2, 4}));
    }
    const std::vector<double> y =
        numbers(sdpa(x[0], x[1], x[2], 1, std::nullopt, true, cpu_stream()));
    EXPECT_TRUE(std::isfinite(y[0])); // row 0 does not see row 1
    EXPECT_TRUE(std::isnan(y[5]));
  }
}

TEST(Sdpa, RejectsWhatItCannotRun) {
  const mx::array q = mx::zeros({1, 4, 2, 8});
  const mx::array k = mx::zeros({1, 3, 2, 8});
  EXPECT_THROW(
      sdpa(q, k, k, 1, std::nullopt, false, cpu_stream()),
      std::invalid_argument);
  EXPECT_THROW(
      sdpa(q, q, q, 1, mx::zeros({2, 2}, mx::int32), false, cpu_stream()),
      std::invalid_argument);
}

} // namespace
} // namespace voxtral_tts::mlx_delegate
