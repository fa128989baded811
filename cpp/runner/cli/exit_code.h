// Exit codes of voxtral_tts_runner; docs/cli.md lists them.
#pragma once

#include "voxtral_tts/error.h"

namespace voxtral_tts::cli {

constexpr int kExitOk = 0;
// The model's default frame budget cut the audio: it is valid but incomplete.
constexpr int kExitTruncated = 10;
constexpr int kExitInternal = 70;
// Added to the number of the signal that ended the program, as shells do.
constexpr int kExitSignalBase = 128;

constexpr int exit_code(ErrorClass error_class) noexcept {
  switch (error_class) {
    case ErrorClass::kUsage:
      return 2;
    case ErrorClass::kModelLoad:
      return 3;
    case ErrorClass::kModelMismatch:
      return 4;
    case ErrorClass::kTokenizer:
      return 5;
    case ErrorClass::kVoice:
      return 6;
    case ErrorClass::kText:
      return 7;
    case ErrorClass::kOutput:
      return 8;
    case ErrorClass::kNumeric:
      return 9;
    case ErrorClass::kBusy:
      return 11;
    case ErrorClass::kReaderGone:
      return 13;
    case ErrorClass::kInterrupted:
      return kExitSignalBase + 2;
    case ErrorClass::kInternal:
      break;
  }
  return kExitInternal;
}

} // namespace voxtral_tts::cli
