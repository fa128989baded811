// Where audio goes: a WAV file, or a stream of WAV or raw PCM.
//
// A sink that writes to a pipe reports the reader's end as Error{kReaderGone};
// the process must ignore SIGPIPE for that, or the signal ends it first. The
// library leaves signals alone, the command line ignores it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "voxtral_tts/export.h"

namespace voxtral_tts {

// Sequence: write() any number of times, then finish(). After an error or an
// interruption abandon() takes the place of finish(); destruction without
// either is abandon(false). Not thread-safe.
class VOXTRAL_TTS_API AudioSink {
 public:
  virtual ~AudioSink() = default;

  AudioSink(const AudioSink&) = delete;
  AudioSink& operator=(const AudioSink&) = delete;

  // Appends mono samples. They are in the hands of the operating system when
  // this returns; nothing is buffered. Throws Error: kNumeric for NaN or
  // infinity, before any sample of this call is written; kOutput;
  // kReaderGone.
  virtual void write(std::span<const float> samples) = 0;

  // Completes the output; for a file only this makes it appear under its name.
  // When that fails the file that was written stays, and the error names it.
  // Throws Error{kOutput}, Error{kReaderGone}.
  virtual void finish() = 0;

  // Ends without completing: a file keeps what was written, as a valid
  // shorter one, when `keep_partial` and there are samples; otherwise it is
  // removed and an older file of that name stays as it was. A stream has
  // nothing to undo.
  virtual void abandon(bool keep_partial) noexcept = 0;

 protected:
  AudioSink() = default;
};

enum class PcmFormat {
  kS16le, // see to_s16
  kF32le,
};

// A 16-bit PCM mono WAV file. It grows in a temporary file beside `path` that
// is a valid WAV after every write; finish() renames it. A `path` that is no
// regular file (a FIFO, /dev/null) is written directly, as a WAV stream.
// Throws Error{kOutput} at once when `path` cannot be written.
VOXTRAL_TTS_API std::unique_ptr<AudioSink> make_wav_file_sink(
    const std::filesystem::path& path, int sample_rate_hz);

// A 16-bit PCM mono WAV of unknown length (sizes 0xFFFFFFFF) to a descriptor
// that stays the caller's and open; finish() writes the true sizes when that is
// a file's, not opened for appending.
VOXTRAL_TTS_API std::unique_ptr<AudioSink> make_wav_stream_sink(
    int fd, int sample_rate_hz);

// Samples without a header to a descriptor that stays the caller's and open.
// `name` is what messages call it; empty: the descriptor by its number.
VOXTRAL_TTS_API std::unique_ptr<AudioSink> make_raw_pcm_sink(
    int fd, PcmFormat format, const std::string& name = {});

} // namespace voxtral_tts
