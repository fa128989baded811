#include "voxtral_tts/error.h"

namespace voxtral_tts {

const char* to_string(ErrorClass error_class) noexcept {
  switch (error_class) {
    case ErrorClass::kUsage:
      return "Usage";
    case ErrorClass::kModelLoad:
      return "ModelLoad";
    case ErrorClass::kModelMismatch:
      return "ModelMismatch";
    case ErrorClass::kTokenizer:
      return "Tokenizer";
    case ErrorClass::kVoice:
      return "Voice";
    case ErrorClass::kText:
      return "Text";
    case ErrorClass::kOutput:
      return "OutputIO";
    case ErrorClass::kNumeric:
      return "Numeric";
    case ErrorClass::kBusy:
      return "Busy";
    case ErrorClass::kInternal:
      return "Internal";
    case ErrorClass::kInterrupted:
      return "Interrupted";
    case ErrorClass::kReaderGone:
      return "ReaderGone";
  }
  return "Internal";
}

} // namespace voxtral_tts
