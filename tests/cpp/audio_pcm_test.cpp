#include "audio/pcm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "voxtral_tts/error.h"

namespace voxtral_tts {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Pcm, ConvertsKnownValues) {
  EXPECT_EQ(to_s16(0.0f), 0);
  EXPECT_EQ(to_s16(-0.0f), 0);
  EXPECT_EQ(to_s16(1.0f), 32767);
  EXPECT_EQ(to_s16(-1.0f), -32767);
  EXPECT_EQ(to_s16(0.5f), 16384); // 16383.5, to even
  EXPECT_EQ(to_s16(0.9f / 32767), 1);
  EXPECT_EQ(to_s16(-0.9f / 32767), -1);
}

TEST(Pcm, SaturatesAndNeverWraps) {
  for (const float loud : {1.0001f, 3.0f, 1e30f, kInfinity}) {
    EXPECT_EQ(to_s16(loud), 32767);
    EXPECT_EQ(to_s16(-loud), -32767);
  }
  EXPECT_EQ(to_s16(kNan), 0);
}

// The bound is half a step, 0.5 of 1/32767; the product is rounded to float,
// which adds at most 2^-10 of a step (an ulp of 32767 is 2^-9).
TEST(Pcm, RoundsToTheNearestStep) {
  for (int i = -100'000; i <= 100'000; ++i) {
    const float sample = static_cast<float>(i) / 100'000.0f;
    const double exact = static_cast<double>(sample) * 32767.0;
    ASSERT_LE(std::abs(to_s16(sample) - exact), 0.5 + 0x1p-10) << sample;
  }
}

TEST(Pcm, EveryLevelSurvivesARoundTrip) {
  for (int level = -32767; level <= 32767; ++level) {
    ASSERT_EQ(to_s16(static_cast<float>(level) / 32767.0f), level);
  }
}

TEST(Pcm, BytesAreLittleEndian) {
  const auto bytes_of = [](auto... values) {
    return std::vector<std::byte>{static_cast<std::byte>(values)...};
  };
  const std::vector<float> samples{1.0f, -1.0f / 32767};
  std::vector<std::byte> s16{std::byte{9}}; // appended to, not replaced
  append_s16le(samples, s16);
  EXPECT_EQ(s16, bytes_of(9, 0xFF, 0x7F, 0xFF, 0xFF));
  std::vector<std::byte> f32;
  append_f32le(std::vector<float>{1.0f, -2.5f}, f32);
  // IEEE 754: 1.0 is 0x3F800000, -2.5 is 0xC0200000.
  EXPECT_EQ(f32, bytes_of(0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0));
}

TEST(Pcm, CheckFiniteNamesTheFrame) {
  std::vector<float> samples(3 * 1920, 0.25f);
  EXPECT_NO_THROW(audio::check_finite(samples, 100, 1920));
  EXPECT_NO_THROW(audio::check_finite({}, 0, 1920));
  for (const float bad : {kNan, kInfinity, -kInfinity}) {
    for (const auto& [index, frame] :
         {std::pair(0, 100), {1919, 100}, {1920, 101}, {5759, 102}}) {
      std::vector<float> damaged = samples;
      damaged[static_cast<size_t>(index)] = bad;
      try {
        audio::check_finite(damaged, 100, 1920);
        FAIL() << "accepted " << bad;
      } catch (const Error& error) {
        EXPECT_EQ(error.error_class(), ErrorClass::kNumeric);
        EXPECT_NE(
            std::string(error.what()).find("frame " + std::to_string(frame)),
            std::string::npos)
            << error.what();
      }
    }
  }
}

} // namespace
} // namespace voxtral_tts
