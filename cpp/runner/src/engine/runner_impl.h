// What a Runner holds; streams share it, so that it outlives the Runner while
// one of them is open.
#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "model/codec_model.h"
#include "model/speech_model.h"
#include "prompt/voice_prefixes.h"
#include "text/tekken_tokenizer.h"
#include "voxtral_tts/runner.h"

namespace voxtral_tts {

class Runner::Impl {
 public:
  // Models that belong together, their tokenizer and the folder of the voices.
  Impl(
      std::unique_ptr<model::SpeechModel> speech_model,
      std::unique_ptr<model::CodecModel> codec_model,
      text::TekkenTokenizer tokenizer,
      std::filesystem::path voices_folder,
      const prompt::PrefixLimits& limits,
      std::optional<prompt::PrefixFiles> files);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  // Writes the voices still in memory that no utterance has written.
  ~Impl();

  std::string voice_or_default(const std::string& name) const;
  // Runs each program once, so that the first utterance finds them touched.
  void warm_up();

  const std::unique_ptr<model::SpeechModel> speech_model;
  prompt::VoicePrefixes prefixes; // of speech_model's KV cache
  const std::unique_ptr<model::CodecModel> codec_model;
  text::TekkenTokenizer tokenizer;
  std::filesystem::path voices_folder;
  LoadStats load_stats;
  const pid_t process = ::getpid();
  std::atomic<bool> busy = false;
};

// The right to use the models, held by at most one stream per Runner.
class Lease {
 public:
  // Throws Error{kBusy}, and Error{kUsage} in a forked process.
  explicit Lease(std::shared_ptr<Runner::Impl> runner);
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease();

  Runner::Impl& runner() const {
    return *runner_;
  }
  std::shared_ptr<Runner::Impl> share() const {
    return runner_;
  }
  // Throws Error{kUsage} in a process forked from the one that loaded.
  void check_process() const;

 private:
  std::shared_ptr<Runner::Impl> runner_;
};

} // namespace voxtral_tts
