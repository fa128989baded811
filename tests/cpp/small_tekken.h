// A vocabulary small enough to merge by hand.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace voxtral_tts::text {

using Json = nlohmann::json;

inline constexpr int32_t kSpecial = 10;
inline constexpr char kPattern[] =
    R"( ?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

inline std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j) {
      const unsigned char byte =
          i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0;
      bits = (bits << 8) | byte;
    }
    for (size_t j = 0; j < 4; ++j) {
      const bool padding = i + j > bytes.size();
      out += padding ? '=' : kAlphabet[(bits >> (18 - 6 * j)) & 63];
    }
  }
  return out;
}

// 256 single bytes, then merges in the order of their ranks from 256 on.
inline Json small_tekken(const std::vector<std::string>& merges) {
  Json vocab = Json::array();
  const auto add = [&vocab](std::string_view token) {
    vocab.push_back(
        {{"rank", vocab.size()},
         {"token_bytes", base64(token)},
         {"token_str", nullptr}});
  };
  for (int byte = 0; byte < 256; ++byte) {
    const char token = static_cast<char>(byte);
    add(std::string_view(&token, 1));
  }
  for (const std::string& merge : merges) {
    add(merge);
  }
  const auto size = static_cast<int32_t>(vocab.size());
  return {
      {"config",
       {{"pattern", kPattern},
        {"default_vocab_size", size + kSpecial},
        {"default_num_special_tokens", kSpecial},
        {"version", "v7"}}},
      {"vocab", vocab},
      {"special_tokens",
       {{{"rank", 1}, {"token_str", "<s>"}, {"is_control", true}},
        {{"rank", 4}, {"token_str", "[AUDIO]"}, {"is_control", true}},
        {{"rank", 9}, {"token_str", "[BEGIN_AUDIO]"}, {"is_control", true}}}},
      {"audio",
       {{"frame_rate", 12.5},
        {"voice_num_audio_tokens", {{"anna", 67}, {"bert", 218}}}}}};
}

} // namespace voxtral_tts::text
