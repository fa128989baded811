// What a caller can get wrong about an utterance, each said with the remedy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "prompt/voice_embedding.h"
#include "voxtral_tts/options.h"

namespace voxtral_tts::engine {

// Throws Error{kUsage} for an option out of its range, or of another model.
void check_options(
    const SynthesisOptions& options,
    int64_t max_chunk_frames,
    int64_t flow_steps);

// Throws Error{kText} for what is not UTF-8, has nothing to say, or is far too
// long to be tokenised.
void check_text(std::string_view text, int64_t max_seq_len);

// Throws Error{kText} when the prompt has more rows than the model.
void check_fits(
    int64_t prompt_rows,
    size_t text_tokens,
    const prompt::VoiceEmbedding& voice,
    int64_t max_seq_len);

} // namespace voxtral_tts::engine
