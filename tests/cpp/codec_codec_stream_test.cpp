// Oracle: the schedule and position rules of docs/contract.md.
#include "codec/codec_stream.h"

#include <gmock/gmock.h>

#include <cmath>

#include "fake_codec_model.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::codec {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<int> chunk_sizes(FakeCodecModel& model, int chunk, int frames) {
  CodecStream stream(model, chunk);
  std::vector<int> sizes;
  for (int i = 0; i < frames; ++i) {
    const std::vector<int64_t> codes = {i + 2, 3, 4};
    if (const auto out = stream.push(codes)) {
      sizes.push_back(out->frames);
    }
  }
  if (const auto out = stream.flush()) {
    sizes.push_back(out->frames);
  }
  EXPECT_FALSE(stream.flush());
  EXPECT_EQ(stream.decoded_frames(), frames);
  EXPECT_EQ(stream.executes(), static_cast<int64_t>(sizes.size()));
  return sizes;
}

TEST(CodecStream, FollowsTheScheduleAndRepeatsItsLastSize) {
  FakeCodecModel model;
  EXPECT_THAT(chunk_sizes(model, 0, 13), ElementsAre(1, 2, 4, 4, 2));
}

TEST(CodecStream, AFixedChunkSizeOverridesTheSchedule) {
  FakeCodecModel model;
  EXPECT_THAT(chunk_sizes(model, 3, 7), ElementsAre(3, 3, 1));
}

TEST(CodecStream, EveryFrameIsDecodedOnceInOrder) {
  FakeCodecModel model;
  chunk_sizes(model, 0, 9);
  int64_t next = 0;
  for (const auto& call : model.calls) {
    EXPECT_EQ(call.position, next);
    for (size_t i = 0; i < call.codes.size(); i += 3) {
      EXPECT_EQ(call.codes[i], next + 2);
      ++next;
    }
  }
  EXPECT_EQ(next, 9);
}

TEST(CodecStream, ReturnsTheSamplesOfItsFrames) {
  FakeCodecModel model;
  CodecStream stream(model, 2);
  EXPECT_FALSE(stream.push(std::vector<int64_t>{2, 3, 4}));
  const auto chunk = stream.push(std::vector<int64_t>{2, 3, 4});
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->samples.size(), 8u);
  EXPECT_THAT(chunk->samples, Each(0.02f));
  EXPECT_EQ(chunk->first_frame, 0);
}

void expect_numeric_error(const Error& error, const char* frame) {
  EXPECT_EQ(error.error_class(), ErrorClass::kNumeric);
  EXPECT_THAT(error.what(), HasSubstr(frame));
}

TEST(CodecStream, NamesTheFrameOfASampleThatIsNotFinite) {
  FakeCodecModel model;
  CodecStream stream(model, 1);
  stream.push(std::vector<int64_t>{2, 3, 4});
  model.poison = std::nanf("");
  try {
    stream.push(std::vector<int64_t>{2, 3, 4});
    FAIL() << "NaN went through";
  } catch (const Error& error) {
    expect_numeric_error(error, "frame 1");
  }
}

TEST(CodecStream, KeepsTheFramesOfAChunkBeforeOneThatIsNotFinite) {
  FakeCodecModel model;
  CodecStream stream(model, 3);
  model.poison = std::nanf("");
  stream.push(std::vector<int64_t>{2, 3, 4});
  stream.push(std::vector<int64_t>{2, 3, 4});
  EXPECT_FALSE(stream.fault());
  const auto chunk = stream.push(std::vector<int64_t>{2, 3, 4});
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->frames, 2);
  EXPECT_EQ(chunk->codes.size(), 6u);
  EXPECT_EQ(chunk->samples.size(), 8u);
  EXPECT_THAT(chunk->samples, Each(0.02f));
  try {
    std::rethrow_exception(stream.fault());
  } catch (const Error& error) {
    expect_numeric_error(error, "frame 2");
  }
}

} // namespace
} // namespace voxtral_tts::codec
