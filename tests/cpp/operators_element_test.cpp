// Oracle: the definitions of both formats, in double precision.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <random>

#include "operators/rows/halves.h"

namespace voxtral_tts::operators {
namespace {

double half_value(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const double fraction = (bits & 1023) / 1024.0;
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -14)
                           : exponent == 31
                               ? std::numeric_limits<double>::infinity()
                               : std::ldexp(1 + fraction, exponent - 15);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

// The lanes' portable forms, in vectors that every target has.
using Level = PortableLevel<Lanes4, 8>;

template <class Element>
void expect_lanes_equal_one_by_one() {
  for (uint32_t first = 0; first < 65536; first += 8) {
    uint16_t stored[8];
    for (uint32_t i = 0; i < 8; ++i) {
      stored[i] = static_cast<uint16_t>(first + i);
    }
    float joined[8];
    Element::join(Element::load(stored), joined);
    for (int i = 0; i < 8; ++i) {
      ASSERT_EQ(
          std::bit_cast<uint32_t>(joined[i]),
          std::bit_cast<uint32_t>(Element::load_one(stored + i)))
          << stored[i];
    }
  }
}

template <class Element>
void expect_parts_join() {
  const float values[] = {0, 1, 2, 3, 4, 5, 6, 7};
  float joined[8];
  Element::join(Element::part(values), joined);
  EXPECT_THAT(joined, testing::ElementsAreArray(values));
}

TEST(Elements, WhatIsPartedIsJoined) {
  expect_parts_join<Float32Lanes<Level>>();
  expect_parts_join<Bfloat16Lanes<Level>>();
  expect_parts_join<Float16Lanes<Level>>();
}

TEST(Float16Element, ReadsEveryValueAndWritesItBack) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto stored = static_cast<uint16_t>(bits);
    const float value = Float16::load_one(&stored);
    if ((stored & 0x7c00) == 0x7c00 && (stored & 0x3ff) != 0) {
      EXPECT_TRUE(std::isnan(value));
      continue;
    }
    ASSERT_EQ(value, half_value(stored)) << bits;
    ASSERT_EQ(Float16::store_one(value), stored) << bits;
  }
  expect_lanes_equal_one_by_one<Float16Lanes<Level>>();
}

TEST(Float16Element, RoundsToTheNearestHalvesToEven) {
  std::mt19937 engine(1);
  for (int i = 0; i < 200000; ++i) {
    const auto low = static_cast<uint16_t>(engine() % 0x7bff);
    const double a = half_value(low);
    const double b = half_value(static_cast<uint16_t>(low + 1));
    const double middle = (a + b) / 2;
    const auto even = static_cast<uint16_t>(low + (low & 1));
    ASSERT_EQ(Float16::store_one(static_cast<float>(middle)), even);
    const float above = std::nextafterf(static_cast<float>(middle), 1e9f);
    ASSERT_EQ(Float16::store_one(above), low + 1);
    ASSERT_EQ(Float16::store_one(-above), 0x8000 | (low + 1));
  }
  EXPECT_EQ(Float16::store_one(65520.0f), 0x7c00);
  EXPECT_EQ(Float16::store_one(65519.9f), 0x7bff);
  EXPECT_EQ(Float16::store_one(-1e30f), 0xfc00);
  EXPECT_EQ(Float16::store_one(std::nanf("")) & 0x7fff, 0x7e00);
}

TEST(Bfloat16Element, ReadsEveryValueAndRounds) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto stored = static_cast<uint16_t>(bits);
    const float value = Bfloat16::load_one(&stored);
    if (!std::isnan(value)) {
      ASSERT_EQ(Bfloat16::store_one(value), stored);
    } else {
      ASSERT_TRUE(
          std::isnan(
              std::bit_cast<float>(
                  static_cast<uint32_t>(Bfloat16::store_one(value)) << 16)));
    }
  }
  EXPECT_EQ(Bfloat16::store_one(std::bit_cast<float>(0x3f808000u)), 0x3f80);
  EXPECT_EQ(Bfloat16::store_one(std::bit_cast<float>(0x3f818000u)), 0x3f82);
  EXPECT_EQ(Bfloat16::store_one(std::bit_cast<float>(0x3f808001u)), 0x3f81);
  expect_lanes_equal_one_by_one<Bfloat16Lanes<Level>>();
}

} // namespace
} // namespace voxtral_tts::operators
