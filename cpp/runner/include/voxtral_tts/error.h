// The one error type of the library. Every failure that a caller can cause or
// must handle leaves the library as an Error; nothing aborts and nothing is
// printed.
#pragma once

#include <stdexcept>
#include <string>

#include "voxtral_tts/export.h"

namespace voxtral_tts {

// What went wrong, as a caller has to tell it apart. The command line's exit
// codes and Python's exception classes follow from it, one for one
// (docs/cli.md, docs/python.md). A frame limit is no error: see FinishReason.
enum class ErrorClass {
  kUsage,         // an option or argument out of its range
  kModelLoad,     // .pte missing, corrupt, of another version or backend
  kModelMismatch, // codec, tokenizer or voices do not belong to the model
  kTokenizer,     // tekken.json unusable
  kVoice,         // voice unknown or its file unusable
  kText,          // empty, not UTF-8, or too long for the model
  kOutput,        // opening, writing or renaming the output failed
  kNumeric,       // NaN or infinity in logits, velocity or audio
  kBusy,          // the runner is serving another utterance
  kInternal,      // a defect of ours or of the runtime
  kInterrupted,   // cancelled by the caller
  kReaderGone,    // the reader of our output closed its end
};

// The name printed in messages, for example "ModelLoad".
VOXTRAL_TTS_API const char* to_string(ErrorClass error_class) noexcept;

class VOXTRAL_TTS_API Error : public std::runtime_error {
 public:
  // `message` names the file, the value and, where there is one, the remedy.
  // `system_errno` is the errno of a failed system call, 0 when none failed.
  Error(
      ErrorClass error_class, const std::string& message, int system_errno = 0)
      : std::runtime_error(message),
        error_class_(error_class),
        system_errno_(system_errno) {
  }

  ErrorClass error_class() const noexcept {
    return error_class_;
  }
  int system_errno() const noexcept {
    return system_errno_;
  }

 private:
  ErrorClass error_class_;
  int system_errno_;
};

} // namespace voxtral_tts
