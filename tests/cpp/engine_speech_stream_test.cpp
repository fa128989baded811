// The pipeline on models whose answers a test writes down. Oracle: the promises
// of speech_stream.h and stats.h.
#include <gmock/gmock.h>

#include "engine_speech.h"

namespace voxtral_tts {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::SizeIs;

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
  EXPECT_EQ(
      stats_.step_executes,
      static_cast<int64_t>(kPieces + 7 + 1)); // the last for the end
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
  ASSERT_THAT(
      speech_->calls, SizeIs(kPieces + 4 + 1)); // the last looks for the end
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

TEST_F(Speech, OneUtteranceAtATime) {
  {
    const SpeechStream speech = stream("Hi");
    EXPECT_THROW(stream("Hi"), Error);
  }
  EXPECT_NO_THROW(stream("Hi"));
}

TEST_F(Speech, AByteOrderMarkIsNotSpoken) {
  speak("Hi", frames(1));
  // The last call looks for the end, the one before has the prompt.
  const auto plain = speech_->calls.end()[-2].rows;
  const int tokens = stats_.prompt_tokens;
  speak("\uFEFFHi", frames(1));
  EXPECT_EQ(speech_->calls.end()[-2].rows, plain);
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
