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

// Row by row, [rows * dim]. All of one voice's prompts begin with the same
// rows.
struct SpeechPrompt {
  std::vector<float> voice; // bos, begin_audio, the voice's rows
  std::vector<float> text;  // text_to_audio, text, audio_to_text, begin_audio
};

// Both parts are prompt_rows together (docs/contract.md). The voice's width
// must be the model's.
SpeechPrompt make_prompt(
    model::SpeechModel& model,
    std::span<const int32_t> text_ids,
    const VoiceEmbedding& voice);

} // namespace voxtral_tts::prompt
