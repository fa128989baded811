// What one synthesis cost, and how it ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "voxtral_tts/export.h"

namespace voxtral_tts {

enum class FinishReason {
  kEndOfAudio,  // the model ended the utterance itself
  kLength,      // a limit the caller set was reached
  kFrameBudget, // the default budget cut the audio: it is incomplete
  kCancelled,   // cancelled by the caller; audio so far is valid
};

VOXTRAL_TTS_API const char* to_string(FinishReason reason) noexcept;

// Where the rows came from that depend on the voice alone.
enum class PrefixSource {
  kComputed, // by steps of this utterance
  kKept,     // still in place: the last utterance had the same voice
  kMemory,   // copied from memory of this Runner's
  kDisk,     // read from the cache folder
};

VOXTRAL_TTS_API const char* to_string(PrefixSource source) noexcept;

// RTF is compute seconds per second of audio: below 1 is faster than real time.
// Times count what passes inside the library: what a consumer does between two
// chunks is not ours.
struct SynthesisStats {
  FinishReason finish_reason = FinishReason::kCancelled;
  int prompt_tokens = 0; // rows of the prompt, voice rows included
  int voice_rows = 0;
  PrefixSource prefix_source = PrefixSource::kComputed;
  int64_t prefix_rows = 0;  // rows of the prompt not computed: voice_rows + 2,
                            // or 0 when computed
  int64_t codec_frames = 0; // emitted frames, 80 ms each
  int64_t decoded_frames = 0; // frames the codec decoded; equals codec_frames
  int64_t step_executes = 0;  // calls of `step`, prefill included
  int64_t codec_executes = 0; // calls of `decode`
  double audio_seconds = 0;
  double prefill_ms = 0;       // the prompt's steps, the last of which makes
                               // frame 0, or what was left of them and getting
                               // the voice's rows; embedding the prompt is
                               // not in it
  double first_audio_ms = 0;   // TTFA: call to the first samples
  double generate_ms = 0;      // inside `step`, prefill included
  double codec_ms = 0;         // inside `decode`
  double wall_ms = 0;          // call to the last sample, load excluded
  double rtf = 0;              // wall_ms / audio
  double generation_rtf = 0;   // (wall_ms - codec_ms) / audio
  float peak = 0;              // largest |sample|
  int64_t clipped_samples = 0; // |sample| > 1, saturated in 16-bit output
  std::string backend = "";    // of model.pte: mlx, xnnpack, portable,
                               // or another delegate's name
  // Means over the frames after the first: runs of a delegate inside `step`,
  // and how often they made the CPU wait for the device. The delegate counts
  // for the whole process. Empty where it does not tell: only our MLX one does.
  std::optional<double> executes_per_frame = std::nullopt;
  std::optional<double> host_syncs_per_frame = std::nullopt;
};

// Times and counts of loading, once per Runner.
struct LoadStats {
  double load_ms = 0;
};

// One JSON object, keys as the members above.
VOXTRAL_TTS_API std::string to_json(const SynthesisStats& stats);

} // namespace voxtral_tts
