// The entry point: loads the two programs once and speaks.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "voxtral_tts/audio.h"
#include "voxtral_tts/export.h"
#include "voxtral_tts/options.h"
#include "voxtral_tts/speech_stream.h"
#include "voxtral_tts/stats.h"

namespace voxtral_tts {

// A whole utterance.
struct Audio {
  std::vector<float> samples; // mono, nominally [-1, 1]
  std::vector<int64_t> codes; // [frames, n_codebooks], see docs/contract.md
  int sample_rate_hz = 0;
  SynthesisStats stats;
};

// Loads model.pte, codec_decoder.pte, the tokenizer and lists the voices.
// A Runner speaks one utterance at a time: a second stream() while one is open
// throws Error{kBusy}. Different Runners may be used from different threads.
// After fork() a process can neither use its parent's Runners nor load one of
// its own, if the parent ever did: Error{kUsage}.
class VOXTRAL_TTS_API Runner {
 public:
  class Impl;

  // Throws Error{kModelLoad, kModelMismatch, kTokenizer, kUsage}.
  Runner(
      const std::filesystem::path& model,
      const std::filesystem::path& codec,
      const LoadOptions& options = {});
  Runner(Runner&&) noexcept;
  Runner& operator=(Runner&&) noexcept;
  ~Runner();

  // Starts an utterance of `text` (UTF-8). Everything a caller can get wrong is
  // checked here: throws Error{kUsage, kText, kVoice, kBusy}. The stream keeps
  // the loaded programs alive.
  SpeechStream stream(
      std::string_view text, const SynthesisOptions& options = {});

  // The whole utterance: stream() pulled to its end.
  Audio synthesize(std::string_view text, const SynthesisOptions& options = {});

  // Names of the voices found, sorted.
  std::vector<std::string> voices() const;
  // The voice an empty SynthesisOptions::voice stands for. Throws Error{kVoice}
  // when there is none.
  std::string default_voice() const;

  int sample_rate_hz() const noexcept;
  int samples_per_frame() const noexcept;
  int n_codebooks() const noexcept; // codes per frame
  const LoadStats& load_stats() const noexcept;

 private:
  std::shared_ptr<Impl> impl_;
};

// Makes ExecuTorch's backend for MLX programs known in this process, which
// loading such a program does as well. Returns what is missing and the remedy,
// or nothing on success.
VOXTRAL_TTS_API std::string load_mlx();

// The folder voices are taken from when LoadOptions::voices is empty:
// voice_embedding/, else voices/, beside the tokenizer.
VOXTRAL_TTS_API std::filesystem::path default_voices_folder(
    const std::filesystem::path& model,
    const std::filesystem::path& tokenizer = {});

} // namespace voxtral_tts
