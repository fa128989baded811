// One utterance being spoken, pulled chunk by chunk.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "voxtral_tts/audio.h"
#include "voxtral_tts/export.h"
#include "voxtral_tts/stats.h"
#include "voxtral_tts/trace.h"

namespace voxtral_tts {

// Made by Runner::stream(). Holds the runner until it has ended or is
// destroyed; destroying it early cancels. Movable, not copyable. Calls come
// from one thread at a time; only cancel() may come from another thread or a
// signal handler.
class VOXTRAL_TTS_API SpeechStream {
 public:
  class Impl;
  explicit SpeechStream(std::unique_ptr<Impl> impl);
  SpeechStream(SpeechStream&&) noexcept;
  SpeechStream& operator=(SpeechStream&&) noexcept;
  ~SpeechStream();

  // The next samples, or nullopt when the utterance is over. The first call
  // runs the prefill. Throws Error{kNumeric, kInternal} after every frame made
  // before the fault was returned; the stream is then over and what was
  // returned stays valid. The call after the last chunk writes a new voice's
  // rows to the disk cache; who leaves it out has that done by the destructor.
  std::optional<AudioChunk> next();

  // Makes next() return at the following frame, or the following piece of at
  // most 128 rows of the prompt: frames already generated are still decoded and
  // returned, then the stream ends with FinishReason::kCancelled. Lock-free.
  void cancel() noexcept;

  // Complete once next() has returned nullopt; before, the state so far.
  const SynthesisStats& stats() const noexcept;

  // From now on keeps the time of every `step`, prefill first, in memory that
  // is reserved here. Not recorded otherwise.
  void record_step_times();
  const std::vector<float>& step_times_ms() const noexcept;

  // The spans so far; empty unless SynthesisOptions::record_trace. Valid until
  // the next call of next().
  const std::vector<TraceSpan>& trace() const noexcept;

  // Calls `poll` before every frame and every piece of the prompt, on the
  // thread that pulls; what it throws leaves next() and ends the stream. Python
  // looks for Ctrl-C here.
  void set_poll(std::function<void()> poll);

  // Frames the limit allows, for progress displays.
  int max_frames() const noexcept;

 private:
  std::unique_ptr<Impl> impl_;
};

} // namespace voxtral_tts
