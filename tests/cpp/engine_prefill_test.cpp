// Cancelling within the prompt, and when a voice's rows are written. Oracle:
// the promises of speech_stream.h and docs/reliability.md.
#include <gmock/gmock.h>

#include <stdexcept>

#include "engine_speech.h"

namespace voxtral_tts {
namespace {

using ::testing::SizeIs;

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
  // bos, begin, voice, text_to_audio, text, audio_to_text, begin; one frame,
  // and the look for the end.
  EXPECT_EQ(position, 2 + kVoiceRows + 1 + 3'000 + 2 + 1 + 1);
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

} // namespace
} // namespace voxtral_tts
