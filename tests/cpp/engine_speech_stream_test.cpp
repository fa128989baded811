// The pipeline on models whose answers a test writes down. Oracle: the promises
// of speech_stream.h, stats.h and docs/reliability.md.
#include <gmock/gmock.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <numeric>

#include "engine/speech_stream_impl.h"
#include "fake_codec_model.h"
#include "fake_speech_model.h"
#include "small_tekken.h"
#include "temporary_folder.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr int kVoiceRows = 5;
constexpr size_t kPrefixRows = kVoiceRows + 2;
const std::vector<int64_t> kFrame = {5, 3, 4};
const std::vector<int64_t> kEnd = {1, 0, 0};

SynthesisOptions frames(int most) {
  SynthesisOptions options;
  options.max_frames = most;
  return options;
}

SynthesisOptions voiced(const std::string& voice, int most) {
  SynthesisOptions options = frames(most);
  options.voice = voice;
  return options;
}

model::SpeechModelInfo long_info() {
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

TEST_F(Speech, EndOfAudioEndsItWithEveryFrameInOrder) {
  end_after(6);
  const auto chunks = speak("Hi");
  ASSERT_THAT(chunks, SizeIs(3)); // 1, 2 and 4 frames are the schedule
  EXPECT_EQ(frames_of(chunks), 6);
  EXPECT_EQ(chunks[2].first_frame, 3);
  EXPECT_EQ(chunks[2].frames, 3);
  EXPECT_TRUE(chunks.back().is_final);
  EXPECT_EQ(stats_.finish_reason, FinishReason::kEndOfAudio);
  EXPECT_FALSE(runner_->busy);
}

TEST_F(Speech, EveryLimitHasItsName) {
  EXPECT_EQ(frames_of(speak("Hi", frames(3))), 3);
  EXPECT_EQ(stats_.finish_reason, FinishReason::kLength);
  EXPECT_EQ(frames_of(speak("Hi")), 16); // the model's own
  EXPECT_EQ(stats_.finish_reason, FinishReason::kFrameBudget);
  // 64 rows: 12 of the prompt, whose last one makes a frame already.
  EXPECT_EQ(frames_of(speak("Hi", frames(1'000))), 53);
  EXPECT_EQ(stats_.finish_reason, FinishReason::kFrameBudget);
}

TEST_F(Speech, StatisticsCountWhatTheModelsDid) {
  codec_->scale = -0.5f; // 5 becomes -2.5
  speak("Hi", frames(7));
  EXPECT_EQ(stats_.prompt_tokens, 12);
  EXPECT_EQ(stats_.voice_rows, kVoiceRows);
  EXPECT_EQ(stats_.prefix_source, PrefixSource::kComputed);
  EXPECT_EQ(stats_.prefix_rows, 0);
  EXPECT_EQ(stats_.codec_frames, 7);
  EXPECT_EQ(stats_.decoded_frames, 7);
  EXPECT_EQ(stats_.step_executes, static_cast<int64_t>(speech_->calls.size()));
  EXPECT_EQ(stats_.step_executes, static_cast<int64_t>(kPieces + 7));
  EXPECT_EQ(stats_.codec_executes, static_cast<int64_t>(codec_->calls.size()));
  EXPECT_EQ(stats_.peak, 2.5f);
  EXPECT_EQ(stats_.clipped_samples, 7 * 4);
  EXPECT_EQ(stats_.backend, "fake");
  EXPECT_DOUBLE_EQ(stats_.audio_seconds, 7 * 4 / 24'000.0);

  codec_->scale = 0.2f; // 1 exactly: full scale is not clipped
  speak("Hi", frames(2));
  EXPECT_EQ(stats_.prefix_source, PrefixSource::kKept);
  EXPECT_EQ(stats_.prefix_rows, static_cast<int64_t>(kPrefixRows));
  EXPECT_EQ(stats_.peak, 1.0f);
  EXPECT_EQ(stats_.clipped_samples, 0);
}

// The statistics would tell a codec that is asked for more than each frame.
TEST_F(Speech, FramesDecodedTwiceAreCounted) {
  codec_->repeats = 2;
  speak("Hi", frames(7));
  EXPECT_EQ(stats_.codec_frames, 7);
  EXPECT_EQ(stats_.decoded_frames, 14);
}

TEST_F(Speech, EveryStepHasTheGuidanceAskedFor) {
  SynthesisOptions guided = frames(4);
  guided.cfg_alpha = 2.5f;
  speak("Hi", guided);
  ASSERT_THAT(speech_->calls, SizeIs(kPieces + 4));
  // The voice's rows are the same whatever the utterance asks for.
  EXPECT_EQ(speech_->calls[0].cfg_alpha, 1.2f);
  for (size_t i = 2; i < speech_->calls.size(); ++i) {
    EXPECT_EQ(speech_->calls[i].cfg_alpha, 2.5f) << i;
  }
  speech_->calls.clear();
  speak("Hi", frames(4));
  EXPECT_THAT(
      speech_->calls, Each(Field(&FakeSpeechModel::Call::cfg_alpha, 1.2f)));
}

TEST_F(Speech, AFaultLeavesTheFramesBeforeIt) {
  speech_->fail_at = kPieces + 5; // frame 4
  SpeechStream speech = stream("Hi");
  int made = 0;
  try {
    while (auto chunk = speech.next()) {
      EXPECT_FALSE(chunk->is_final);
      made += chunk->frames;
    }
    ADD_FAILURE() << "no fault";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the step fails"));
  }
  EXPECT_EQ(made, 4);
  EXPECT_EQ(speech.stats().codec_frames, 4);
  EXPECT_FALSE(runner_->busy);
  EXPECT_FALSE(speech.next());
  // What may have made it fail is not used again.
  speech_->fail_at.reset();
  speak("Hi", frames(2));
  EXPECT_EQ(stats_.prefix_source, PrefixSource::kComputed);
}

TEST_F(Speech, AFaultOfTheCodecLeavesTheFramesBeforeIt) {
  SpeechStream speech = stream("Hi");
  EXPECT_EQ(speech.next()->frames, 1);
  codec_->poison = std::nanf(""); // in the second of the next two frames
  EXPECT_EQ(speech.next()->frames, 1);
  EXPECT_THROW(speech.next(), Error);
  EXPECT_FALSE(runner_->busy);
}

TEST_F(Speech, CancellingKeepsWhatWasMade) {
  SpeechStream speech = stream("Hi");
  EXPECT_EQ(speech.next()->frames, 1);
  speech_->on_step = [&] { speech.cancel(); };
  const auto chunk = speech.next();
  ASSERT_TRUE(chunk);
  EXPECT_TRUE(chunk->is_final);
  EXPECT_EQ(chunk->frames, 1);
  EXPECT_EQ(speech.stats().finish_reason, FinishReason::kCancelled);
  EXPECT_FALSE(speech.next());
  EXPECT_FALSE(runner_->busy);
}

// docs/reliability.md: at most one piece of 128 rows passes.
TEST_F(LongSpeech, APromptOf3000RowsIsCancelledBetweenItsPieces) {
  SpeechStream speech = stream(text_);
  size_t text_pieces = 0;
  speech_->on_step = [&] {
    text_pieces += speech_->calls.back().position > 0 ? 1 : 0;
    if (text_pieces == 3) {
      speech.cancel();
    }
  };
  const auto chunk = speech.next();
  ASSERT_TRUE(chunk);
  EXPECT_TRUE(chunk->is_final);
  EXPECT_EQ(chunk->frames, 0);
  EXPECT_EQ(speech.stats().finish_reason, FinishReason::kCancelled);
  EXPECT_EQ(text_pieces, 3);
  for (const FakeSpeechModel::Call& call : speech_->calls) {
    EXPECT_LE(call.rows.size(), 128u * 2);
  }
  EXPECT_FALSE(speech.next());
  EXPECT_FALSE(runner_->busy);
  // The voice's rows were whole, and nothing failed.
  speech_->on_step = nullptr;
  speak("Hi", frames(2));
  EXPECT_EQ(stats_.prefix_source, PrefixSource::kKept);
}

TEST_F(LongSpeech, AVoiceOf3000RowsIsCancelledBetweenItsPieces) {
  write_voice("long", 3'000);
  SpeechStream speech = stream("Hi", voiced("long", 16));
  speech_->on_step = [&] { speech.cancel(); };
  EXPECT_TRUE(speech.next()->is_final);
  EXPECT_THAT(speech_->calls, SizeIs(1));
  // Half a voice is none.
  speech_->on_step = nullptr;
  speak("Hi", voiced("long", 2));
  EXPECT_EQ(stats_.prefix_source, PrefixSource::kComputed);
  EXPECT_EQ(speech_->calls[1].position, 0);
}

TEST_F(LongSpeech, WhatPollThrowsLeavesThePrefill) {
  SpeechStream speech = stream(text_);
  int polls = 0;
  speech.set_poll([&polls] {
    if (++polls == 5) {
      throw std::runtime_error("Ctrl-C");
    }
  });
  EXPECT_THROW(speech.next(), std::runtime_error);
  EXPECT_LE(speech_->calls.size(), 4u);
  EXPECT_FALSE(runner_->busy);
  EXPECT_FALSE(speech.next());
  speak("Hi", frames(2)); // no fault of the voice's
  EXPECT_EQ(stats_.prefix_source, PrefixSource::kKept);
}

TEST_F(LongSpeech, PiecesChangeNothing) {
  speak(text_, frames(2));
  std::vector<float> rows;
  int64_t position = 0;
  for (const FakeSpeechModel::Call& call : speech_->calls) {
    EXPECT_EQ(call.position, position);
    position += static_cast<int64_t>(call.rows.size() / 2);
  }
  // bos, begin, voice, text_to_audio, text, audio_to_text, begin; one frame.
  EXPECT_EQ(position, 2 + kVoiceRows + 1 + 3'000 + 2 + 1);
}

TEST_F(Speech, TheDiskIsWrittenAfterTheLastChunk) {
  SpeechStream speech = stream("Hi", frames(7));
  while (!speech.next()->is_final) {
  }
  EXPECT_FALSE(std::filesystem::exists(cache_));
  EXPECT_FALSE(runner_->busy); // the runner is free all the same
  EXPECT_FALSE(speech.next());
  EXPECT_TRUE(std::filesystem::exists(cache_));
}

TEST_F(Speech, WhoStopsAtTheLastChunkLosesNothing) {
  {
    SpeechStream speech = stream("Hi", frames(7));
    while (!speech.next()->is_final) {
    }
    EXPECT_FALSE(std::filesystem::exists(cache_));
  }
  EXPECT_TRUE(std::filesystem::exists(cache_));
}

TEST_F(Speech, WhoeverSpeaksMeanwhileWritesInstead) {
  SpeechStream first = stream("Hi", frames(7));
  while (!first.next()->is_final) {
  }
  SpeechStream second = stream("Hi", frames(7));
  EXPECT_TRUE(second.next());
  EXPECT_FALSE(first.next());
  EXPECT_FALSE(std::filesystem::exists(cache_));
  EXPECT_TRUE(runner_->busy);
  pull(second);
  EXPECT_TRUE(std::filesystem::exists(cache_));
}

// Its only chunk is being played: another utterance or the end writes.
TEST_F(Speech, AnUtteranceOfOneChunkLeavesTheDiskToTheRunnersEnd) {
  SynthesisOptions options = frames(3);
  options.chunk_frames = 8;
  EXPECT_THAT(speak("Hi", options), SizeIs(1));
  EXPECT_FALSE(std::filesystem::exists(cache_));
  runner_.reset();
  EXPECT_TRUE(std::filesystem::exists(cache_));
}

TEST_F(Speech, WhoCancelsDoesNotWaitForTheDisk) {
  SpeechStream speech = stream("Hi");
  speech.next();
  speech.next();
  speech.cancel();
  pull(speech);
  EXPECT_FALSE(std::filesystem::exists(cache_));
}

TEST_F(Speech, OneUtteranceAtATime) {
  {
    const SpeechStream speech = stream("Hi");
    EXPECT_THROW(stream("Hi"), Error);
  }
  EXPECT_NO_THROW(stream("Hi"));
}

TEST_F(Speech, AByteOrderMarkIsNotSpoken) {
  speak("Hi", frames(1));
  const auto plain = speech_->calls.back().rows;
  const int tokens = stats_.prompt_tokens;
  speak("\uFEFFHi", frames(1));
  EXPECT_EQ(speech_->calls.back().rows, plain);
  EXPECT_EQ(stats_.prompt_tokens, tokens);
}

TEST_F(Speech, WhatACallerGetsWrongIsSaidAtOnce) {
  for (const char* silent :
       {"", " \n", "\uFEFF", "\u200B", "\uFEFF\u200B \u00AD"}) {
    expect_refused(silent, ErrorClass::kText);
  }
  expect_refused("\xFF", ErrorClass::kText);
  expect_refused(std::string(100, 'x'), ErrorClass::kText);
  expect_refused("Hi", ErrorClass::kVoice, voiced("nobody", 1));
  const auto expect_usage = [&](auto member, auto value) {
    SynthesisOptions options;
    options.*member = value;
    expect_refused("Hi", ErrorClass::kUsage, options);
  };
  expect_usage(&SynthesisOptions::temperature, -1.0f);
  expect_usage(&SynthesisOptions::cfg_alpha, 101.0f);
  expect_usage(&SynthesisOptions::flow_steps, 8);
  expect_usage(&SynthesisOptions::max_frames, 0);
  expect_usage(&SynthesisOptions::chunk_frames, 9);
  EXPECT_TRUE(speech_->calls.empty());
}

} // namespace
} // namespace voxtral_tts
