// Gates on what the stages ask of the models: one step per frame, every frame
// decoded once. Each is shown to fail on a model that is asked for more.
#include <gmock/gmock.h>

#include <stdexcept>
#include <string>

#include "codec/codec_stream.h"
#include "fake_codec_model.h"
#include "fake_speech_model.h"
#include "generate/frame_generator.h"

namespace voxtral_tts {
namespace {

constexpr int kFrames = 12;

void gate(const char* what, size_t counted, size_t allowed) {
  if (counted != allowed) {
    throw std::runtime_error(
        std::string(what) + ": " + std::to_string(counted) + " instead of " +
        std::to_string(allowed));
  }
}

// Runs every step twice, as a loop that does not fuse its two branches would.
class SteppingTwice : public FakeSpeechModel {
 public:
  model::StepResult step(
      std::span<const float> embeddings,
      int64_t position,
      const model::StepNoise& noise,
      float cfg_alpha) override {
    FakeSpeechModel::step(embeddings, position, noise, cfg_alpha);
    return FakeSpeechModel::step(embeddings, position, noise, cfg_alpha);
  }
};

// Decodes every chunk twice, as a window without state would.
class DecodingTwice : public FakeCodecModel {
 public:
  std::span<const float> decode(
      std::span<const int64_t> codes, int64_t position) override {
    FakeCodecModel::decode(codes, position);
    return FakeCodecModel::decode(codes, position);
  }
};

// Steps after the prefill for one utterance of kFrames.
size_t steps_of(FakeSpeechModel& model) {
  model.frames = {{5, 3, 4}};
  generate::FrameGenerator generator(
      model, 0, {1, -1, 2, -2}, {.cfg_alpha = 1.2f, .max_frames = kFrames});
  generator.next();
  const size_t prefill = model.calls.size();
  while (generator.next()) {
  }
  return model.calls.size() - prefill;
}

int64_t decoded_of(FakeCodecModel& model) {
  codec::CodecStream stream(model, 0);
  for (int i = 0; i < kFrames; ++i) {
    stream.push(std::vector<int64_t>{5, 3, 4});
  }
  stream.flush();
  return stream.decoded_frames();
}

TEST(Gates, OneStepPerFrame) {
  FakeSpeechModel model;
  EXPECT_NO_THROW(gate("steps", steps_of(model), kFrames - 1));
}

TEST(Gates, StepsFailForAModelThatRunsTwice) {
  SteppingTwice model;
  EXPECT_THROW(gate("steps", steps_of(model), kFrames - 1), std::runtime_error);
}

TEST(Gates, EveryFrameIsDecodedOnce) {
  FakeCodecModel model;
  EXPECT_NO_THROW(
      gate("decoded", static_cast<size_t>(decoded_of(model)), kFrames));
}

TEST(Gates, DecodingFailsForACodecThatDecodesTwice) {
  DecodingTwice model;
  EXPECT_THROW(
      gate("decoded", static_cast<size_t>(decoded_of(model)), kFrames),
      std::runtime_error);
}

} // namespace
} // namespace voxtral_tts
