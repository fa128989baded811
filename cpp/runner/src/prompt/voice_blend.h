// A voice made of others: "neutral_female:0.6+fr_female:0.4". Experimental.
//
// With weights w_p that sum to 1 and rows N of the heaviest part, part p of M_p
// rows is read at position i (M_p - 1) / (N - 1) for row i, between rows
// linearly (at its middle when N is 1):
//   mix_i    = sum_p w_p row_p(i)
//   target_i = sum_p w_p rms_p(i),  rms_p between the RMS of the same two rows
//   blend_i  = mix_i * min(target_i / rms(mix_i), 4)
// Rows of unrelated voices point in unrelated directions: their mean is shorter
// than any of them (0.7 of it for two alike), which the model never saw. 4 is
// what eight parts lose between rows; beyond it nothing but noise is left.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "prompt/voice_embedding.h"

namespace voxtral_tts::prompt {

struct BlendPart {
  std::string voice; // a name or the path of a file
  double weight = 0; // positive, finite; need not sum to 1
  bool operator==(const BlendPart&) const = default;
};

constexpr size_t kMaxBlendParts = 8;

// Parts "voice:weight" joined by '+'. A weight is a decimal number above 0 of
// at most 15 digits ("2", "0.6", ".5"); a part ends at a '+' that follows one,
// so names may have ':' and '+' themselves. Two to eight parts, no voice twice.
// Throws Error{kVoice} that names the part.
std::vector<BlendPart> parse_voice_blend(std::string_view text);

// `voices[i]` has `weights[i]`. The result does not depend on their order: the
// heaviest is the first by weight, then rows, then name, then values. Not
// empty, of one width. Computed in double, rounded to float once.
VoiceEmbedding blend_voices(
    std::span<const VoiceEmbedding> voices, std::span<const double> weights);

// The voice a user named: what find_voice() finds in `dir`, else, where the
// name has a '+', the blend it describes. Throws Error{kVoice}.
VoiceEmbedding load_voice(
    const std::filesystem::path& dir,
    const std::string& voice,
    int dim,
    int max_rows);

} // namespace voxtral_tts::prompt
