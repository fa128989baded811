// A runner of models whose answers a test writes down, and its utterances.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "engine/speech_stream_impl.h"
#include "fake_codec_model.h"
#include "fake_speech_model.h"
#include "small_tekken.h"
#include "temporary_folder.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts {

inline constexpr int kVoiceRows = 5;
inline constexpr size_t kPrefixRows = kVoiceRows + 2;
inline const std::vector<int64_t> kFrame = {5, 3, 4};
inline const std::vector<int64_t> kEnd = {1, 0, 0};

inline SynthesisOptions frames(int most) {
  SynthesisOptions options;
  options.max_frames = most;
  return options;
}

inline SynthesisOptions voiced(const std::string& voice, int most) {
  SynthesisOptions options = frames(most);
  options.voice = voice;
  return options;
}

inline model::SpeechModelInfo long_info() {
  model::SpeechModelInfo info = small_speech_info();
  info.max_seq_len = 8192;
  info.max_step_rows = 512;
  return info;
}

// A runner of fake models, and its utterances.
class Speech : public testing::Test {
 protected:
  explicit Speech(const model::SpeechModelInfo& info = small_speech_info()) {
    auto speech = std::make_unique<FakeSpeechModel>(true, info);
    auto codec = std::make_unique<FakeCodecModel>();
    speech_ = speech.get();
    codec_ = codec.get();
    speech_->frames = {kFrame};
    std::ofstream(folder_ / "tekken.json") << text::small_tekken({}).dump();
    write_voice("anna", kVoiceRows);
    prompt::PrefixFiles files(cache_, {}, speech->kv_buffers());
    runner_ = std::make_shared<Runner::Impl>(
        std::move(speech),
        std::move(codec),
        text::TekkenTokenizer::load(folder_ / "tekken.json"),
        folder_.path(),
        prompt::PrefixLimits{},
        std::move(files));
  }

  void write_voice(const std::string& name, int rows) {
    const std::string header =
        R"({"x":{"dtype":"F32","shape":[)" + std::to_string(rows) +
        R"(,2],"data_offsets":[0,)" + std::to_string(rows * 8) + "]}}";
    std::vector<float> values(static_cast<size_t>(rows) * 2);
    std::iota(values.begin(), values.end(), 1.0f);
    const uint64_t length = header.size();
    std::ofstream file(folder_ / (name + ".safetensors"), std::ios::binary);
    file.write(reinterpret_cast<const char*>(&length), sizeof(length));
    file << header;
    file.write(
        reinterpret_cast<const char*>(values.data()),
        static_cast<std::streamsize>(values.size() * sizeof(float)));
  }

  SpeechStream stream(
      const std::string& text, const SynthesisOptions& options = {}) {
    return SpeechStream(
        std::make_unique<SpeechStream::Impl>(
            std::make_unique<Lease>(runner_), text, options));
  }

  // All chunks of an utterance to its end.
  static std::vector<AudioChunk> pull(SpeechStream& stream) {
    std::vector<AudioChunk> chunks;
    while (auto chunk = stream.next()) {
      chunks.push_back(std::move(*chunk));
    }
    return chunks;
  }
  std::vector<AudioChunk> speak(
      const std::string& text, const SynthesisOptions& options = {}) {
    SpeechStream speech = stream(text, options);
    auto chunks = pull(speech);
    stats_ = speech.stats();
    return chunks;
  }
  static int frames_of(const std::vector<AudioChunk>& chunks) {
    int sum = 0;
    for (const AudioChunk& chunk : chunks) {
      sum += chunk.frames;
    }
    return sum;
  }
  // The model ends "Hi" after that many frames.
  void end_after(size_t count) {
    speech_->frames.assign(speech_->calls.size() + kPieces + count, kFrame);
    speech_->frames.push_back(kEnd);
  }
  void expect_refused(
      const std::string& text,
      ErrorClass error_class,
      const SynthesisOptions& options = {}) {
    try {
      stream(text, options);
      ADD_FAILURE() << "accepted: '" << text << "'";
    } catch (const Error& error) {
      EXPECT_EQ(error.error_class(), error_class) << error.what();
    }
    EXPECT_FALSE(runner_->busy);
  }

  // Steps before the one that makes frame 0 of "Hi": of 7 rows of the voice and
  // of 5 of the text, four at most in each.
  static constexpr size_t kPieces = 3;

  const TemporaryFolder folder_;
  const std::filesystem::path cache_ = folder_ / "cache";
  FakeSpeechModel* speech_ = nullptr; // both owned by the runner
  FakeCodecModel* codec_ = nullptr;
  std::shared_ptr<Runner::Impl> runner_;
  SynthesisStats stats_;
};

class LongSpeech : public Speech {
 protected:
  LongSpeech() : Speech(long_info()) {
  }
  const std::string text_ = std::string(3'000, 'x'); // a row per byte
};

} // namespace voxtral_tts
