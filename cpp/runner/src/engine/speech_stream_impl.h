// The pipeline of one utterance: frame generator, codec stream, statistics.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "codec/codec_stream.h"
#include "engine/runner_impl.h"
#include "engine/span_recorder.h"
#include "generate/frame_generator.h"
#include "model/backends.h"
#include "voxtral_tts/speech_stream.h"

namespace voxtral_tts {

class SpeechStream::Impl {
 public:
  // Checks and prepares everything up to the prefill.
  Impl(
      std::unique_ptr<Lease> lease,
      std::string_view text,
      const SynthesisOptions& options);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  std::optional<AudioChunk> next();

  std::function<void()> poll;
  std::atomic<bool> cancelled = false;
  SynthesisStats stats;
  std::optional<std::vector<float>> step_times_ms; // when asked for
  int64_t max_frames = 0;
  engine::SpanRecorder recorder;

 private:
  void start(std::string_view text, const SynthesisOptions& options);
  AudioChunk timed_pull();
  AudioChunk pull();
  std::optional<codec::DecodedChunk> decode(
      std::optional<std::span<const int64_t>> codes);
  std::optional<std::span<const int64_t>> next_frame();
  std::optional<std::span<const int64_t>> generate();
  void look(); // whether the caller wants to stop; throws then
  std::optional<model::MlxCounters> count_delegate() const;
  void add_frame(
      const model::MlxCounters& before, const model::MlxCounters& after);
  AudioChunk emit(const std::optional<codec::DecodedChunk>& chunk, bool final);
  void settle() noexcept;
  void finish();

  std::unique_ptr<Lease> lease_; // released as soon as the utterance is over
  std::vector<float> voice_;     // of the prompt; freed after the prefill
  std::optional<generate::FrameGenerator> generator_;
  std::optional<codec::CodecStream> codec_;
  std::shared_ptr<Runner::Impl> unsettled_; // to write a new voice's rows in
  bool user_limit_ = false;                 // max_frames is the caller's own
  std::exception_ptr fault_; // to be thrown after the frames made before it
  bool is_looking_ = false;
  int chunks_ = 0;
  model::MlxCounters counted_; // in `step`, over counted_frames_
  int counted_frames_ = 0;
};

} // namespace voxtral_tts
