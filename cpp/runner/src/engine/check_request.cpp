#include "engine/check_request.h"

#include <cmath>
#include <string>

#include "text/silent.h"
#include "text/utf8.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::engine {
namespace {

// No token is longer; a text beyond this cannot fit and is not tokenised.
constexpr size_t kMaxBytesPerRow = 256;

// Far beyond any use, far from where float32 overflows in the model, which
// would look like a damaged file.
constexpr float kMaxTemperature = 100;
constexpr float kMaxCfgAlpha = 100;

void require(bool condition, const std::string& message) {
  if (!condition) {
    throw Error(ErrorClass::kUsage, message);
  }
}

} // namespace

void check_options(
    const SynthesisOptions& options,
    int64_t max_chunk_frames,
    int64_t flow_steps) {
  require(
      options.temperature >= 0 && options.temperature <= kMaxTemperature,
      "temperature " + std::to_string(options.temperature) +
          ": must be 0 (greedy) or a positive number up to 100");
  const float alpha = options.cfg_alpha.value_or(0);
  require(
      std::fabs(alpha) <= kMaxCfgAlpha,
      "cfg_alpha " + std::to_string(alpha) + ": must be between -100 and 100");
  require(
      !options.flow_steps || *options.flow_steps == flow_steps,
      "flow_steps " + std::to_string(options.flow_steps.value_or(0)) +
          ": this model was exported with " + std::to_string(flow_steps) +
          "; leave it out, or export with --flow-steps");
  require(
      !options.max_frames || *options.max_frames > 0,
      "max_frames " + std::to_string(options.max_frames.value_or(0)) +
          ": must be at least 1");
  require(
      options.chunk_frames >= 0 && options.chunk_frames <= max_chunk_frames,
      "chunk_frames " + std::to_string(options.chunk_frames) +
          ": must be between 1 and " + std::to_string(max_chunk_frames) +
          ", or 0 for the codec's own schedule");
}

void check_text(std::string_view text, int64_t max_seq_len) {
  text::validate_utf8(text);
  if (text::is_silent(text)) {
    throw Error(
        ErrorClass::kText,
        "the text is empty: it has nothing to say; give some words");
  }
  if (text.size() > static_cast<size_t>(max_seq_len) * kMaxBytesPerRow) {
    throw Error(
        ErrorClass::kText,
        "the text has " + std::to_string(text.size()) +
            " bytes, too many for one utterance; split it into sentences");
  }
}

void check_fits(
    int64_t prompt_rows,
    size_t text_tokens,
    const prompt::VoiceEmbedding& voice,
    int64_t max_seq_len) {
  if (prompt_rows > max_seq_len) {
    throw Error(
        ErrorClass::kText,
        "the text has " + std::to_string(text_tokens) +
            " tokens; with voice '" + voice.name + "' the prompt takes " +
            std::to_string(prompt_rows) + " of the model's " +
            std::to_string(max_seq_len) +
            " rows; split the text, or export with a larger --max-seq-len");
  }
}

} // namespace voxtral_tts::engine
