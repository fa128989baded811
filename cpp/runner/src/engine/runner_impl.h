// What a Runner holds; streams share it, so that it outlives the Runner while
// one of them is open.
#pragma once

#include <unistd.h>

#include <atomic>
#include <memory>

#include "model/pte_codec_model.h"
#include "model/pte_speech_model.h"
#include "prompt/voice_prefixes.h"
#include "text/tekken_tokenizer.h"
#include "voxtral_tts/runner.h"

namespace voxtral_tts {

class Runner::Impl {
 public:
  Impl(
      const std::filesystem::path& model,
      const std::filesystem::path& codec,
      const LoadOptions& options);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  // Writes the voices still in memory that no utterance has written.
  ~Impl();

  std::string voice_or_default(const std::string& name) const;

  model::PteSpeechModel speech_model;
  prompt::VoicePrefixes prefixes; // of speech_model's KV cache
  model::PteCodecModel codec_model;
  text::TekkenTokenizer tokenizer;
  std::filesystem::path voices_folder;
  LoadStats load_stats;
  const pid_t process = ::getpid();
  std::atomic<bool> busy = false;

 private:
  void check_codec(const std::filesystem::path& codec) const;
  void check_tokenizer(const std::filesystem::path& file) const;
  void warm_up();
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
  // Throws Error{kUsage} in a process forked from the one that loaded.
  void check_process() const;

 private:
  std::shared_ptr<Runner::Impl> runner_;
};

} // namespace voxtral_tts
