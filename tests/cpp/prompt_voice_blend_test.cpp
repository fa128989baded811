// Oracle: the formula of voice_blend.h by hand; tests/python compares with
// NumPy.
#include "prompt/voice_blend.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "temporary_folder.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::prompt {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

std::string error_of(const std::string& text) {
  try {
    parse_voice_blend(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kVoice);
    EXPECT_THAT(error.what(), HasSubstr("neutral_female:0.6+fr_female:0.4"));
    return error.what();
  }
  ADD_FAILURE() << text << " is accepted";
  return "";
}

VoiceEmbedding voice(const char* name, int rows, std::vector<float> values) {
  return {
      .name = name,
      .rows = rows,
      .dim = static_cast<int>(values.size()) / rows,
      .values = std::move(values)};
}

std::vector<float> blended(
    const std::vector<VoiceEmbedding>& voices, std::vector<double> weights) {
  return blend_voices(voices, weights).values;
}

TEST(VoiceBlend, PartsEndAtAPlusAfterAWeight) {
  EXPECT_THAT(
      parse_voice_blend("a:0.6+b:4"),
      ElementsAre(BlendPart{"a", 0.6}, BlendPart{"b", 4}));
  EXPECT_THAT(
      parse_voice_blend("x+y:.5+C:/v:1.pt:1.+b+:2"),
      ElementsAre(
          BlendPart{"x+y", 0.5},
          BlendPart{"C:/v:1.pt", 1},
          BlendPart{"b+", 2}));
}

TEST(VoiceBlend, ErrorsNameThePart) {
  EXPECT_THAT(error_of("a:1"), HasSubstr("one part"));
  EXPECT_THAT(error_of("a:1+b"), HasSubstr("'b' has no weight"));
  EXPECT_THAT(error_of("a+b:1"), HasSubstr("one part"));
  EXPECT_THAT(error_of("a:1+b:0"), HasSubstr("'b:0' is not above 0"));
  EXPECT_THAT(error_of("a:1+:1"), HasSubstr("':1' names no voice"));
  EXPECT_THAT(error_of("a:1+a:2"), HasSubstr("'a' is there twice"));
  EXPECT_THAT(error_of("a:1+"), HasSubstr("''"));
  for (const char* weight :
       {"-1",
        "nan",
        "inf",
        "1e3",
        "0x1",
        "1,5",
        "1.2.3",
        " 1",
        ".",
        "",
        "1234567890123456"}) {
    EXPECT_THAT(
        error_of(std::string("a:1+b:") + weight), HasSubstr("no weight"))
        << weight;
  }
  std::string many = "v0:1";
  for (int i = 1; i < 9; ++i) {
    many += "+v" + std::to_string(i) + ":1";
  }
  EXPECT_THAT(error_of(many), HasSubstr("more than 8"));
  EXPECT_EQ(parse_voice_blend(many.substr(0, many.rfind('+'))).size(), 8U);
}

TEST(VoiceBlend, KeepsTheLengthOfTheRows) {
  // Orthogonal rows of RMS 1 and 3: their mean has RMS sqrt(1 + 9) / 2.
  const float a = std::sqrt(2.0F);
  const auto mixed =
      blended({voice("a", 1, {a, 0}), voice("b", 1, {0, 3 * a})}, {1, 1});
  const float gain = 2 / (std::sqrt(10.0F) / 2);
  EXPECT_THAT(
      mixed,
      Pointwise(
          FloatNear(1e-6F),
          std::vector<float>{gain * a / 2, gain * 3 * a / 2}));
}

TEST(VoiceBlend, ReadsTheOthersAtTheRowsOfTheHeaviest) {
  const VoiceEmbedding one = voice("a", 3, {1, 1, 1});
  const VoiceEmbedding two = voice("b", 2, {1, 3});
  EXPECT_THAT(blended({one, two}, {3, 1}), ElementsAre(1, 1.25F, 1.5F));
  EXPECT_THAT(blended({two, one}, {3, 1}), ElementsAre(1, 2.5F));
  EXPECT_EQ(blended({two, one}, {1, 1}).size(), 3U); // of two equals the longer
  EXPECT_THAT(blended({voice("c", 1, {1}), two}, {3, 1}), ElementsAre(1.25F));
}

TEST(VoiceBlend, AlikeVoicesAndTinyWeightsLeaveAVoiceAsItIs) {
  const std::vector<float> rows = {0.5F, -2, 3, 0, 0, 0};
  const VoiceEmbedding one = voice("a", 2, rows);
  EXPECT_THAT(
      blended({one, voice("b", 2, rows)}, {2, 5}),
      Pointwise(FloatNear(1e-6F), rows));
  EXPECT_THAT(
      blended({one, voice("b", 3, {9, 9, 9, 9, 9, 9, 9, 9, 9})}, {1e9, 1}),
      Pointwise(FloatNear(1e-6F), rows));
}

TEST(VoiceBlend, OppositesAreNotBlownUpAndOrderDoesNotCount) {
  const VoiceEmbedding one = voice("a", 1, {1, 0.001F});
  const VoiceEmbedding two = voice("b", 1, {-1, 0.001F});
  EXPECT_THAT(
      blended({one, two}, {1, 1}),
      Pointwise(FloatNear(1e-9F), std::vector<float>{0, 0.004F}));
  const VoiceEmbedding odd = voice("c", 1, {0.1F, 0.7F});
  EXPECT_EQ(
      blended({one, two, odd}, {0.1, 0.1, 0.3}),
      blended({odd, two, one}, {0.3, 0.1, 0.1}));
}

// Two folders may have files of one name.
TEST(VoiceBlend, OrderDoesNotCountAmongVoicesOfOneName) {
  const VoiceEmbedding large = voice("a", 1, {1e30f});
  const VoiceEmbedding opposite = voice("a", 1, {-1e30f});
  const VoiceEmbedding small = voice("a", 1, {1});
  const auto one = blended({large, opposite, small}, {1, 1, 1});
  EXPECT_EQ(blended({small, large, opposite}, {1, 1, 1}), one);
  EXPECT_EQ(blended({opposite, small, large}, {1, 1, 1}), one);
}

TEST(VoiceBlend, AFileOfThatNameWinsAndPartsAreNamed) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "a:1+b:1.pt") << "x";
  std::ofstream(folder.path() / "b.pt") << "x";
  const auto message = [&](const std::string& name) -> std::string {
    try {
      load_voice(folder.path(), name, 2, 10);
    } catch (const Error& error) {
      EXPECT_EQ(error.error_class(), ErrorClass::kVoice);
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message("a:1+b:1"), HasSubstr("a:1+b:1.pt' is unusable"));
  EXPECT_THAT(message("b:1+c:1"), HasSubstr("there is no voice 'c'"));
  EXPECT_THAT(message("c:1"), HasSubstr("there is no voice 'c:1'"));
  const std::string path = (folder.path() / "b.pt").string();
  EXPECT_THAT(message("b:1+" + path + ":1"), HasSubstr("is there twice"));
}

} // namespace
} // namespace voxtral_tts::prompt
