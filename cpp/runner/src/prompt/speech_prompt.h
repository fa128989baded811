// The prompt: what the language model reads before the first frame.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/speech_model.h"
#include "prompt/voice_embedding.h"

namespace voxtral_tts::prompt {

// Rows of the prompt for `text_tokens` ids and a voice of `voice_rows` rows.
int64_t prompt_rows(size_t text_tokens, int voice_rows);

// [prompt_rows, dim]: bos, begin_audio, the voice's rows, text_to_audio, the
// text, audio_to_text, begin_audio (docs/contract.md). The voice's width must
// be the model's.
std::vector<float> prompt_embeddings(
    model::SpeechModel& model,
    std::span<const int32_t> text_ids,
    const VoiceEmbedding& voice);

} // namespace voxtral_tts::prompt
