#include "voxtral_tts/stats.h"

#include <nlohmann/json.hpp>

namespace voxtral_tts {
namespace {

nlohmann::ordered_json or_null(const std::optional<double>& number) {
  return number ? nlohmann::ordered_json(*number) : nullptr;
}

} // namespace

const char* to_string(FinishReason reason) noexcept {
  switch (reason) {
    case FinishReason::kEndOfAudio:
      return "end_of_audio";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kFrameBudget:
      return "frame_budget";
    case FinishReason::kCancelled:
      return "cancelled";
  }
  return "cancelled";
}

const char* to_string(PrefixSource source) noexcept {
  switch (source) {
    case PrefixSource::kComputed:
      return "computed";
    case PrefixSource::kKept:
      return "kept";
    case PrefixSource::kMemory:
      return "memory";
    case PrefixSource::kDisk:
      return "disk";
  }
  return "computed";
}

std::string to_json(const SynthesisStats& stats) {
  return nlohmann::ordered_json{
      {"finish_reason", to_string(stats.finish_reason)},
      {"prompt_tokens", stats.prompt_tokens},
      {"voice_rows", stats.voice_rows},
      {"prefix_source", to_string(stats.prefix_source)},
      {"prefix_rows", stats.prefix_rows},
      {"codec_frames", stats.codec_frames},
      {"decoded_frames", stats.decoded_frames},
      {"step_executes", stats.step_executes},
      {"codec_executes", stats.codec_executes},
      {"audio_seconds", stats.audio_seconds},
      {"prefill_ms", stats.prefill_ms},
      {"first_audio_ms", stats.first_audio_ms},
      {"generate_ms", stats.generate_ms},
      {"codec_ms", stats.codec_ms},
      {"wall_ms", stats.wall_ms},
      {"rtf", stats.rtf},
      {"generation_rtf", stats.generation_rtf},
      {"peak", stats.peak},
      {"clipped_samples", stats.clipped_samples},
      {"backend", stats.backend},
      {"executes_per_frame", or_null(stats.executes_per_frame)},
      {"host_syncs_per_frame", or_null(stats.host_syncs_per_frame)}}
      .dump(2);
}

} // namespace voxtral_tts
