#include "prompt/speech_prompt.h"

namespace voxtral_tts::prompt {
namespace {

constexpr size_t kBeforeVoice = 2; // bos, begin_audio
constexpr size_t kAroundText = 3;  // text_to_audio, audio_to_text, begin_audio

} // namespace

int64_t prompt_rows(size_t text_tokens, int voice_rows) {
  return static_cast<int64_t>(text_tokens + kBeforeVoice + kAroundText) +
         voice_rows;
}

SpeechPrompt make_prompt(
    model::SpeechModel& model,
    std::span<const int32_t> text_ids,
    const VoiceEmbedding& voice) {
  const model::SpeechModelInfo& info = model.info();
  // The voice takes the place of its [AUDIO] tokens: those are never embedded.
  std::vector<int32_t> ids = {
      static_cast<int32_t>(info.bos_id),
      static_cast<int32_t>(info.begin_audio_id),
      static_cast<int32_t>(info.text_to_audio_id)};
  ids.insert(ids.end(), text_ids.begin(), text_ids.end());
  ids.push_back(static_cast<int32_t>(info.audio_to_text_id));
  ids.push_back(static_cast<int32_t>(info.begin_audio_id));

  const auto dim = static_cast<size_t>(info.dim);
  std::vector<float> rows(ids.size() * dim);
  model.embed_text(ids, rows);
  const auto text =
      rows.begin() + static_cast<std::ptrdiff_t>(kBeforeVoice * dim);
  SpeechPrompt prompt;
  prompt.voice.reserve(kBeforeVoice * dim + voice.values.size());
  prompt.voice.assign(rows.begin(), text);
  prompt.voice.insert(
      prompt.voice.end(), voice.values.begin(), voice.values.end());
  prompt.text.assign(text, rows.end());
  return prompt;
}

} // namespace voxtral_tts::prompt
