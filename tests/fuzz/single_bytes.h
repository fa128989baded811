// The rows of a tekken.json that every vocabulary begins with.
#pragma once

#include <string>
#include <string_view>

namespace voxtral_tts::fuzz {

inline std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = i; j < i + 3; ++j) {
      group = (group << 8) |
              (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0U);
    }
    for (size_t j = 0; j < 4; ++j) {
      text +=
          i + j > bytes.size() ? '=' : kDigits[(group >> (18 - 6 * j)) & 63];
    }
  }
  return text;
}

inline std::string vocabulary_row(size_t rank, std::string_view bytes) {
  return R"({"rank":)" + std::to_string(rank) + R"(,"token_bytes":")" +
         base64(bytes) + R"("})";
}

// Ranks 0 to 255, separated by commas.
inline const std::string& single_bytes() {
  static const std::string rows = [] {
    std::string made;
    for (size_t byte = 0; byte < 256; ++byte) {
      const char token = static_cast<char>(byte);
      made += (byte > 0 ? "," : "") + vocabulary_row(byte, {&token, 1});
    }
    return made;
  }();
  return rows;
}

} // namespace voxtral_tts::fuzz
