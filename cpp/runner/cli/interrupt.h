// SIGINT and SIGTERM end an utterance early but leave valid audio.
#pragma once

#include "voxtral_tts/speech_stream.h"

namespace voxtral_tts::cli {

// SIGPIPE and SIGXFSZ are ignored, so that a vanished reader and a file beyond
// its size limit are errors of write(). SIGINT and SIGTERM exit at once with
// 128 + their number while no stream is watched. For the whole process, once.
void install_signal_handlers();

// While it lives, the first SIGINT or SIGTERM cancels `stream`; a second one
// exits at once. One at a time; `stream` must outlive it and not be moved.
class InterruptWatch {
 public:
  explicit InterruptWatch(SpeechStream& stream);
  ~InterruptWatch();

  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  // The signal that came, 0 for none.
  int signal_number() const noexcept;
};

} // namespace voxtral_tts::cli
