// Oracle: the definitions written out naively in double precision.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <set>

#include "operators/attend.h"
#include "operators/rowwise.h"

namespace voxtral_tts::operators {
namespace {

std::vector<float> random_values(size_t size, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<float> values(size);
  for (float& value : values) {
    value = static_cast<float>(engine()) / 2147483648.0f - 1.0f;
  }
  return values;
}

// A whole sequence [rows, heads, D] without any cache.
struct Sequence {
  int64_t rows, heads, kv_heads, dim;
  std::vector<float> q, k, v;

  Sequence(int64_t r, int64_t h, int64_t g, int64_t d)
      : rows(r), heads(h), kv_heads(g), dim(d) {
    q = random_values(static_cast<size_t>(r * h * d), 1);
    k = random_values(static_cast<size_t>(r * g * d), 2);
    v = random_values(static_cast<size_t>(r * g * d), 3);
  }
};

double at(
    const std::vector<float>& x,
    int64_t row,
    int64_t head,
    int64_t i,
    int64_t heads,
    int64_t dim) {
  return x[static_cast<size_t>((row * heads + head) * dim + i)];
}

// Element i of a row after rotating pairs (2j, 2j + 1) by row * theta_j.
double rotated(
    const std::vector<float>& x,
    int64_t row,
    int64_t head,
    int64_t i,
    int64_t heads,
    int64_t dim) {
  const double angle = static_cast<double>(row) *
                       std::pow(100.0, -2.0 * double(i / 2) / double(dim));
  const double even = at(x, row, head, i / 2 * 2, heads, dim);
  const double odd = at(x, row, head, i / 2 * 2 + 1, heads, dim);
  return i % 2 == 0 ? even * std::cos(angle) - odd * std::sin(angle)
                    : even * std::sin(angle) + odd * std::cos(angle);
}

std::vector<float> rope_table(int64_t rows, int64_t dim) {
  std::vector<float> table;
  for (int64_t row = 0; row < rows; ++row) {
    for (const bool cosine : {true, false}) {
      for (int64_t j = 0; j < dim / 2; ++j) {
        const double angle = static_cast<double>(row) *
                             std::pow(100.0, -2.0 * double(j) / double(dim));
        table.push_back(
            static_cast<float>(cosine ? std::cos(angle) : std::sin(angle)));
      }
    }
  }
  return table;
}

enum class Kind { kLanguageModel, kCodec };

std::vector<double> expected(const Sequence& s, Kind kind, int64_t window) {
  std::vector<double> out(s.q.size());
  for (int64_t row = 0; row < s.rows; ++row) {
    for (int64_t head = 0; head < s.heads; ++head) {
      const int64_t kv = head / (s.heads / s.kv_heads);
      std::vector<double> weights(static_cast<size_t>(row) + 1, 0.0);
      double total = 0;
      for (int64_t j = 0; j <= row; ++j) {
        if (kind == Kind::kCodec && row - j > window) {
          continue;
        }
        double score = 0;
        for (int64_t i = 0; i < s.dim; ++i) {
          score += kind == Kind::kCodec
                       ? at(s.q, row, head, i, s.heads, s.dim) *
                             at(s.k, j, kv, i, s.kv_heads, s.dim)
                       : rotated(s.q, row, head, i, s.heads, s.dim) *
                             rotated(s.k, j, kv, i, s.kv_heads, s.dim);
        }
        score /= std::sqrt(static_cast<double>(s.dim));
        if (kind == Kind::kCodec) {
          score += std::pow(0.5, static_cast<double>(head)) * double(j - row);
        }
        total += weights[static_cast<size_t>(j)] = std::exp(score);
      }
      for (int64_t i = 0; i < s.dim; ++i) {
        double sum = 0;
        for (int64_t j = 0; j <= row; ++j) {
          sum += weights[static_cast<size_t>(j)] *
                 at(s.v, j, kv, i, s.kv_heads, s.dim);
        }
        out[static_cast<size_t>((row * s.heads + head) * s.dim + i)] =
            sum / total;
      }
    }
  }
  return out;
}

// Feeds the sequence in pieces, as prefill and frames do.
std::vector<float> run(
    const Sequence& s,
    Kind kind,
    int64_t window,
    int64_t capacity,
    const std::vector<int64_t>& pieces) {
  const auto table = rope_table(s.rows, s.dim);
  std::vector<float> slopes;
  for (int64_t head = 0; head < s.heads; ++head) {
    slopes.push_back(std::pow(0.5f, static_cast<float>(head)));
  }
  // NaN in unfilled rows shows whoever reads them.
  std::vector<float> keys(
      static_cast<size_t>(capacity * s.kv_heads * s.dim), std::nanf(""));
  std::vector<float> values = keys;
  std::vector<float> out(s.q.size());
  int64_t position = 0;
  for (const int64_t rows : pieces) {
    const AttendShape shape{1, rows, s.heads, s.kv_heads, s.dim};
    std::vector<float> scratch(static_cast<size_t>(attend_scratch_size(shape)));
    const bool codec = kind == Kind::kCodec;
    attend(
        shape,
        {position,
         codec ? nullptr : table.data(),
         codec ? slopes.data() : nullptr,
         window},
        s.q.data() + position * s.heads * s.dim,
        s.k.data() + position * s.kv_heads * s.dim,
        s.v.data() + position * s.kv_heads * s.dim,
        {keys.data(), values.data(), capacity},
        scratch.data(),
        out.data() + position * s.heads * s.dim);
    position += rows;
  }
  EXPECT_EQ(position, s.rows);
  return out;
}

void expect_near(
    const std::vector<float>& actual, const std::vector<double>& wanted) {
  ASSERT_EQ(actual.size(), wanted.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    // Values are below 1 and sums have a few dozen terms: 20 float roundings.
    ASSERT_NEAR(actual[i], wanted[i], 2e-6) << "at " << i;
  }
}

TEST(Attend, PrefillAndSingleRowsEqualTheWholeSequence) {
  const Sequence s(21, 6, 2, 20);
  const auto wanted = expected(s, Kind::kLanguageModel, 0);
  for (const std::vector<int64_t>& pieces :
       {std::vector<int64_t>{21}, {16, 1, 1, 1, 1, 1}, {1, 2, 3, 4, 5, 6}}) {
    expect_near(run(s, Kind::kLanguageModel, 0, 32, pieces), wanted);
  }
}

TEST(Attend, RingOfTheWindowEqualsTheWholeSequence) {
  const Sequence s(40, 8, 8, 4);
  for (const int64_t window : {2, 4, 8, 16}) {
    const auto wanted = expected(s, Kind::kCodec, window);
    for (const std::vector<int64_t>& pieces :
         {std::vector<int64_t>{40},
          {8, 8, 16, 8},
          {1, 1, 1, 2, 3, 5, 8, 13, 6}}) {
      expect_near(run(s, Kind::kCodec, window, window, pieces), wanted);
    }
  }
}

TEST(Attend, ANewUtteranceSeesNothingOfTheLast) {
  const Sequence s(6, 2, 1, 4);
  const AttendShape shape{1, 6, 2, 1, 4};
  std::vector<float> keys(8 * 4, std::nanf(""));
  std::vector<float> values = keys;
  std::vector<float> scratch(static_cast<size_t>(attend_scratch_size(shape)));
  std::vector<float> first(s.q.size());
  std::vector<float> second(s.q.size());
  const auto table = rope_table(6, 4);
  for (auto* out : {&first, &second}) {
    attend(
        shape,
        {0, table.data(), nullptr, 0},
        s.q.data(),
        s.k.data(),
        s.v.data(),
        {keys.data(), values.data(), 8},
        scratch.data(),
        out->data());
  }
  EXPECT_EQ(first, second);
}

// What XNNPACK's dynamic quantisation may swallow must not be left single.
const float kNotFinite[] = {
    std::nanf(""),
    std::numeric_limits<float>::infinity(),
    -std::numeric_limits<float>::infinity()};

void expect_nan_rows(
    const std::vector<float>& x, size_t row_size, std::set<size_t> rows) {
  for (size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(std::isnan(x[i]), rows.count(i / row_size) != 0) << "at " << i;
    ASSERT_FALSE(std::isinf(x[i])) << "at " << i;
  }
}

TEST(Attend, WhatIsNotFiniteFillsTheRowsThatSeeIt) {
  // Row 1 of one head: 4 heads of 20, so that rows have whole vectors and rest.
  for (const float bad : kNotFinite) {
    for (auto member : {&Sequence::k, &Sequence::v}) {
      Sequence s(3, 4, 2, 20);
      (s.*member)[45] = bad;
      for (const std::vector<int64_t>& pieces :
           {std::vector<int64_t>{3}, {1, 1, 1}}) {
        expect_nan_rows(run(s, Kind::kLanguageModel, 0, 4, pieces), 80, {1, 2});
        expect_nan_rows(run(s, Kind::kCodec, 2, 4, pieces), 80, {1, 2});
      }
    }
    Sequence s(3, 4, 2, 20);
    s.q[85] = bad;
    expect_nan_rows(run(s, Kind::kLanguageModel, 0, 4, {3}), 80, {1});
  }
}

TEST(AttendAll, WhatIsNotFiniteFillsTheRowsThatSeeIt) {
  for (const float bad : kNotFinite) {
    for (auto member : {&Sequence::q, &Sequence::k, &Sequence::v}) {
      Sequence s(3, 4, 2, 20);
      (s.*member)[member == &Sequence::q ? 85 : 45] = bad;
      std::vector<float> out(s.q.size());
      attend_all(
          {1, 3, 4, 2, 20}, 3, s.q.data(), s.k.data(), s.v.data(), out.data());
      if (member == &Sequence::q) {
        expect_nan_rows(out, 80, {1});
      } else {
        expect_nan_rows(out, 80, {0, 1, 2});
      }
    }
  }
}

TEST(RmsNorm, WhatIsNotFiniteFillsItsRow) {
  const auto weight = random_values(37, 5);
  std::vector<float> bad_values(std::begin(kNotFinite), std::end(kNotFinite));
  bad_values.push_back(1e30f); // its square is not finite
  for (const float bad : bad_values) {
    for (const size_t place : {37, 60, 73}) {
      auto x = random_values(3 * 37, 4);
      x[place] = bad;
      std::vector<float> out(x.size());
      rms_norm(x.data(), weight.data(), 0.01f, 3, 37, out.data());
      expect_nan_rows(out, 37, {1});
    }
  }
}

TEST(Swiglu, WhatIsNotFiniteFillsItsRow) {
  for (const float bad : kNotFinite) {
    for (const size_t place : {38, 50, 56, 57, 70, 75}) {
      auto x = random_values(3 * 2 * 19, 6);
      x[place] = bad;
      std::vector<float> out(3 * 19);
      swiglu(x.data(), 3, 19, out.data());
      expect_nan_rows(out, 19, {1});
    }
  }
}

TEST(AttendAll, EveryRowSeesEveryRow) {
  const Sequence s(3, 4, 2, 8);
  std::vector<float> out(s.q.size());
  attend_all(
      {1, 3, 4, 2, 8}, 3, s.q.data(), s.k.data(), s.v.data(), out.data());
  for (int64_t row = 0; row < 3; ++row) {
    for (int64_t head = 0; head < 4; ++head) {
      double weights[3];
      double total = 0;
      for (int64_t j = 0; j < 3; ++j) {
        double score = 0;
        for (int64_t i = 0; i < 8; ++i) {
          score += at(s.q, row, head, i, 4, 8) * at(s.k, j, head / 2, i, 2, 8);
        }
        total += weights[j] = std::exp(score / std::sqrt(8.0));
      }
      for (int64_t i = 0; i < 8; ++i) {
        double sum = 0;
        for (int64_t j = 0; j < 3; ++j) {
          sum += weights[j] * at(s.v, j, head / 2, i, 2, 8);
        }
        EXPECT_NEAR(
            out[static_cast<size_t>((row * 4 + head) * 8 + i)],
            sum / total,
            2e-6);
      }
    }
  }
}

TEST(RmsNorm, EqualsItsDefinition) {
  const auto x = random_values(3 * 37, 4);
  const auto weight = random_values(37, 5);
  std::vector<float> out(x.size());
  rms_norm(x.data(), weight.data(), 0.01f, 3, 37, out.data());
  for (size_t row = 0; row < 3; ++row) {
    double mean = 0;
    for (size_t i = 0; i < 37; ++i) {
      mean += double(x[row * 37 + i]) * x[row * 37 + i] / 37;
    }
    for (size_t i = 0; i < 37; ++i) {
      const double wanted =
          x[row * 37 + i] / std::sqrt(mean + 0.01) * weight[i];
      EXPECT_NEAR(out[row * 37 + i], wanted, 1e-6);
    }
  }
}

TEST(Swiglu, EqualsItsDefinition) {
  const auto x = random_values(2 * 2 * 19, 6);
  std::vector<float> out(2 * 19);
  swiglu(x.data(), 2, 19, out.data());
  for (size_t row = 0; row < 2; ++row) {
    for (size_t i = 0; i < 19; ++i) {
      const double gate = x[row * 38 + i];
      const double wanted = gate / (1 + std::exp(-gate)) * x[row * 38 + 19 + i];
      EXPECT_NEAR(out[row * 19 + i], wanted, 1e-6);
    }
  }
}

} // namespace
} // namespace voxtral_tts::operators
