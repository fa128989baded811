// Oracle: the prompt layout that mistral-common's encode_speech_request gives,
// checked in as tests/data/golden/prompts.json.
#include "prompt/speech_prompt.h"

#include <gmock/gmock.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "fake_speech_model.h"

namespace voxtral_tts::prompt {
namespace {

// The embedding of id is (id, -id), so rows show which id made them.
std::vector<int> ids_of(const std::vector<float>& rows) {
  std::vector<int> ids;
  for (size_t i = 0; i < rows.size(); i += 2) {
    EXPECT_EQ(rows[i], -rows[i + 1]);
    ids.push_back(static_cast<int>(rows[i]));
  }
  return ids;
}

VoiceEmbedding voice_of_audio_tokens(int rows) {
  VoiceEmbedding voice{"v", rows, 2, {}};
  for (int i = 0; i < rows; ++i) {
    voice.values.insert(voice.values.end(), {24.0f, -24.0f});
  }
  return voice;
}

TEST(SpeechPrompt, EqualsEncodeSpeechRequest) {
  std::ifstream file(
      std::string(VOXTRAL_TTS_TEST_DATA_DIR) + "/golden/prompts.json");
  const auto golden = nlohmann::json::parse(file);
  const auto& prompts = golden.at("prompts");
  ASSERT_GE(prompts.size(), 15u);
  for (const auto& prompt : prompts) {
    const std::vector<int> expected = prompt.at("ids");
    const auto voice_rows =
        static_cast<int>(std::count(expected.begin(), expected.end(), 24));
    // 1 25 24*N 36 text 35 25
    const std::vector<int32_t> text(
        expected.begin() + 3 + voice_rows, expected.end() - 2);
    FakeSpeechModel model;
    const SpeechPrompt made =
        make_prompt(model, text, voice_of_audio_tokens(voice_rows));
    // The part that depends on the voice alone: 1 25 24*N.
    EXPECT_EQ(made.voice.size(), 2 * (2u + voice_rows));
    std::vector<float> rows = made.voice;
    rows.insert(rows.end(), made.text.begin(), made.text.end());
    EXPECT_EQ(ids_of(rows), expected);
    EXPECT_EQ(
        prompt_rows(text.size(), voice_rows),
        static_cast<int64_t>(expected.size()));
  }
}

} // namespace
} // namespace voxtral_tts::prompt
