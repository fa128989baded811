// The voice blend of a command line: parts, names and weights.
#include <cmath>
#include <string_view>

#include "fuzz.h"
#include "prompt/voice_blend.h"

using namespace voxtral_tts;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reads(ErrorClass::kVoice, [&] {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parts = prompt::parse_voice_blend(text);
    fuzz::require(
        parts.size() >= 2 && parts.size() <= prompt::kMaxBlendParts,
        "two to eight parts");
    size_t characters = parts.size() - 1;
    for (const prompt::BlendPart& part : parts) {
      fuzz::require(!part.voice.empty(), "a name");
      fuzz::require(
          part.weight > 0 && std::isfinite(part.weight), "a weight above 0");
      characters += part.voice.size() + 2;
    }
    fuzz::require(characters <= size, "names and weights inside the text");
  });
  return 0;
}
