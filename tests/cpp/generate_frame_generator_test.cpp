// Oracle: the loop as docs/contract.md states it, spelt out call by call.
#include "generate/frame_generator.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "fake_speech_model.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::generate {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const FrameOptions kGreedy{42, 0.0f, 1.2f, 10};

TEST(FrameGenerator, PrefillsInPiecesThenFeedsEachFrameBack) {
  FakeSpeechModel model;
  model.frames = {{5, 3, 4}, {5, 3, 4}, {6, 3, 4}, {1, 0, 0}};
  FrameGenerator frames(model, 10, std::vector<float>(2 * 6, 1.0f), kGreedy);
  // Six rows, at most four per step: the first piece's codes do not count.
  EXPECT_THAT(*frames.next(), ElementsAre(5, 3, 4));
  EXPECT_THAT(*frames.next(), ElementsAre(6, 3, 4));
  EXPECT_FALSE(frames.next());
  EXPECT_TRUE(frames.saw_end());
  EXPECT_FALSE(frames.next());
  ASSERT_EQ(model.calls.size(), 4u);
  EXPECT_EQ(frames.executes(), 4);
  EXPECT_EQ(model.calls[0].position, 10);
  EXPECT_EQ(model.calls[0].rows.size(), 8u);
  EXPECT_EQ(model.calls[1].position, 14);
  EXPECT_EQ(model.calls[1].rows.size(), 4u);
  EXPECT_EQ(model.calls[2].position, 16);
  EXPECT_THAT(model.calls[2].rows, ElementsAre(2.0f, 0.5f));
  EXPECT_EQ(model.calls[3].position, 17);
  EXPECT_THAT(model.calls[3].rows, ElementsAre(3.0f, 0.5f));
}

TEST(FrameGenerator, StopsAtTheLimitAfterALookForTheEnd) {
  FakeSpeechModel model;
  model.frames = {{5, 3, 4}};
  FrameGenerator frames(model, 0, {1, 1}, {42, 0, 1.2f, 2});
  EXPECT_TRUE(frames.next());
  EXPECT_TRUE(frames.next());
  EXPECT_FALSE(frames.next());
  EXPECT_FALSE(frames.next());
  EXPECT_FALSE(frames.saw_end());
  EXPECT_EQ(model.calls.size(), 3u);
  EXPECT_EQ(frames.executes(), 3);
  FrameGenerator none(model, 0, {1, 1}, {42, 0, 1.2f, -1});
  EXPECT_FALSE(none.next());
  EXPECT_EQ(model.calls.size(), 3u);
}

TEST(FrameGenerator, ATextThatEndsAtTheLimitHasEnded) {
  FakeSpeechModel model;
  model.frames = {{5, 3, 4}, {5, 3, 4}, {1, 0, 0}};
  FrameGenerator frames(model, 0, {1, 1}, {42, 0, 1.2f, 2});
  EXPECT_TRUE(frames.next());
  EXPECT_TRUE(frames.next());
  EXPECT_FALSE(frames.next());
  EXPECT_TRUE(frames.saw_end());
}

TEST(FrameGenerator, WithoutARowForItThereIsNoLook) {
  FakeSpeechModel model;
  model.frames = {{5, 3, 4}};
  const int64_t last = model.info().max_seq_len - 1;
  FrameGenerator frames(model, last, {1, 1}, {42, 0, 1.2f, 1});
  EXPECT_TRUE(frames.next());
  EXPECT_FALSE(frames.next());
  EXPECT_EQ(model.calls.size(), 1u);
}

TEST(FrameGenerator, NoiseFollowsTheSeedAndSemanticNoiseTheTemperature) {
  const auto noise_of = [](uint64_t seed, float temperature) {
    FakeSpeechModel model;
    model.frames = {{5, 3, 4}};
    FrameGenerator frames(model, 0, {1, 1}, {seed, temperature, 1.2f, 2});
    frames.next();
    frames.next();
    return model.calls;
  };
  const auto greedy = noise_of(42, 0);
  EXPECT_THAT(greedy[1].semantic_noise, Each(0.0f));
  EXPECT_NE(greedy[0].flow_noise, greedy[1].flow_noise);
  EXPECT_EQ(greedy[1].flow_noise, noise_of(42, 0)[1].flow_noise);
  EXPECT_NE(greedy[1].flow_noise, noise_of(43, 0)[1].flow_noise);
  const auto warm = noise_of(42, 0.5f);
  EXPECT_EQ(warm[1].flow_noise, greedy[1].flow_noise);
  EXPECT_NE(warm[1].semantic_noise, greedy[1].semantic_noise);
  const auto warmer = noise_of(42, 1.0f);
  EXPECT_FLOAT_EQ(warmer[1].semantic_noise[3], 2 * warm[1].semantic_noise[3]);
}

TEST(FrameGenerator, EveryStepHasTheGuidance) {
  FakeSpeechModel model;
  model.frames = {{5, 3, 4}};
  FrameGenerator frames(
      model, 0, std::vector<float>(2 * 6, 1.0f), {42, 0, 2.5f, 4});
  while (frames.next()) {
  }
  ASSERT_EQ(model.calls.size(), 6u); // the last looks for the end
  for (const FakeSpeechModel::Call& call : model.calls) {
    EXPECT_EQ(call.cfg_alpha, 2.5f);
  }
}

// What the model does with the noise: the largest of logits + noise. With the
// noise that a frame is given this has to be a draw from softmax(logits / T).
TEST(FrameGenerator, TheNoiseDrawsFromTheSoftmaxAtTheTemperature) {
  const std::vector<double> logits = {
      0.0, 0.4, -0.7, 1.1, 0.2, -1.5, 0.9, -0.2, 0.6, -1.0};
  constexpr int kDraws = 20'000;
  for (const float temperature : {0.7f, 2.0f}) {
    std::vector<double> probabilities;
    double sum = 0;
    for (const double logit : logits) {
      probabilities.push_back(std::exp(logit / temperature));
      sum += probabilities.back();
    }
    model::SpeechModelInfo info = small_speech_info();
    info.max_seq_len = kDraws + 1;
    FakeSpeechModel model(false, info);
    FrameGenerator frames(model, 0, {1, 1}, {42, temperature, 1.2f, kDraws});
    std::vector<int> drawn(logits.size());
    while (frames.next()) {
      const std::vector<float> noise = model.calls.back().semantic_noise;
      size_t best = 0;
      for (size_t i = 0; i < logits.size(); ++i) {
        best = logits[i] + noise[i] > logits[best] + noise[best] ? i : best;
      }
      ++drawn[best];
      model.calls.clear();
    }
    double chi_squared = 0;
    for (size_t i = 0; i < logits.size(); ++i) {
      const double expected = kDraws * probabilities[i] / sum;
      chi_squared += (drawn[i] - expected) * (drawn[i] - expected) / expected;
    }
    // Nine degrees of freedom: 27.9 is passed by one stream in a thousand, and
    // the streams are the same on every machine. With the sign of the noise
    // wrong it is above a thousand.
    EXPECT_LT(chi_squared, 27.9) << temperature;
  }
}

void expect_error(
    const std::vector<int64_t>& codes,
    ErrorClass error_class,
    const std::string& text) {
  FakeSpeechModel model;
  model.frames = {{5, 3, 4}, codes};
  FrameGenerator frames(model, 0, {1, 1}, kGreedy);
  frames.next();
  try {
    frames.next();
    FAIL() << "no error for " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), error_class);
    EXPECT_THAT(error.what(), HasSubstr(text));
    EXPECT_THAT(error.what(), HasSubstr("frame 1"));
  }
}

TEST(FrameGenerator, ReportsWhatIsNotFiniteWithStageAndFrame) {
  expect_error({-1, 3, 4}, ErrorClass::kNumeric, "semantic logits");
  expect_error({5, -1, 4}, ErrorClass::kNumeric, "flow state");
}

TEST(FrameGenerator, RefusesTheCodeThatNoRightProgramChooses) {
  expect_error({0, 3, 4}, ErrorClass::kNumeric, "EMPTY_AUDIO");
}

TEST(FrameGenerator, TheNextEmbeddingIsFiniteUnlessTheAudioEnds) {
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(),
        -std::numeric_limits<float>::infinity()}) {
    FakeSpeechModel model;
    model.frames = {{5, 3, 4}, {1, 0, 0}};
    FrameGenerator frames(model, 0, {1, 1}, kGreedy);
    EXPECT_TRUE(frames.next());
    model.next_value = value;
    EXPECT_FALSE(frames.next()); // END: what else it returns means nothing
    model.frames = {{5, 3, 4}};
    FrameGenerator damaged(model, 0, {1, 1}, kGreedy);
    try {
      damaged.next();
      FAIL() << value;
    } catch (const Error& error) {
      EXPECT_EQ(error.error_class(), ErrorClass::kNumeric);
      EXPECT_THAT(error.what(), HasSubstr("frame 0"));
      EXPECT_THAT(error.what(), HasSubstr("next embedding"));
    }
  }
}

TEST(FrameGenerator, RefusesCodesOutOfRange) {
  expect_error({10, 3, 4}, ErrorClass::kInternal, "code 10 of codebook 0");
  expect_error({5, 3, 7}, ErrorClass::kInternal, "code 7 of codebook 2");
  expect_error({5, -2, 4}, ErrorClass::kInternal, "code -2 of codebook 1");
}

} // namespace
} // namespace voxtral_tts::generate
