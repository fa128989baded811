#include "text/utf8.h"

#include "voxtral_tts/error.h"

namespace voxtral_tts::text {
namespace {

struct Sequence {
  size_t length = 0; // bytes, when `problem` is null
  const char* problem = nullptr;
};

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// The second byte alone tells overlong forms, surrogates and values that are
// too large from well-formed sequences.
const char* second_byte_problem(unsigned char lead, unsigned char second) {
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90)) {
    return "overlong form";
  }
  if (lead == 0xED && second >= 0xA0) {
    return "surrogate code point";
  }
  if (lead == 0xF4 && second >= 0x90) {
    return "code point above U+10FFFF";
  }
  return nullptr;
}

// Reads the sequence at the start of `text`, which is not empty.
Sequence read_sequence(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) {
    return {.length = 1};
  }
  if (lead < 0xC0) {
    return {.problem = "stray continuation byte"};
  }
  if (lead < 0xC2) {
    return {.problem = "overlong form"};
  }
  if (lead > 0xF4) {
    return {.problem = "byte that never occurs in UTF-8"};
  }
  const size_t length = utf8_length(lead);
  for (size_t i = 1; i < length; ++i) {
    if (i >= text.size() || !is_continuation(text[i])) {
      return {.problem = "sequence that breaks off"};
    }
    if (i == 1) {
      const auto second = static_cast<unsigned char>(text[1]);
      if (const char* problem = second_byte_problem(lead, second)) {
        return {.problem = problem};
      }
    }
  }
  return {.length = length};
}

} // namespace

void validate_utf8(std::string_view text) {
  size_t offset = 0;
  while (offset < text.size()) {
    const Sequence sequence = read_sequence(text.substr(offset));
    if (sequence.problem != nullptr) {
      throw Error(
          ErrorClass::kText,
          "the text is not valid UTF-8: " + std::string(sequence.problem) +
              " at byte offset " + std::to_string(offset) +
              "; convert the text to UTF-8");
    }
    offset += sequence.length;
  }
}

char32_t decode_utf8(std::string_view text, size_t offset) noexcept {
  const auto lead = static_cast<unsigned char>(text[offset]);
  const size_t length = utf8_length(lead);
  if (length == 1) {
    return lead;
  }
  char32_t code_point = lead & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) {
    code_point = (code_point << 6) |
                 (static_cast<unsigned char>(text[offset + i]) & 0x3Fu);
  }
  return code_point;
}

void append_utf8(char32_t code_point, std::string& out) {
  const auto append = [&out](char32_t byte) {
    out.push_back(static_cast<char>(byte));
  };
  if (code_point < 0x80) {
    append(code_point);
    return;
  }
  if (code_point < 0x800) {
    append(0xC0 | (code_point >> 6));
  } else {
    if (code_point < 0x10000) {
      append(0xE0 | (code_point >> 12));
    } else {
      append(0xF0 | (code_point >> 18));
      append(0x80 | ((code_point >> 12) & 0x3F));
    }
    append(0x80 | ((code_point >> 6) & 0x3F));
  }
  append(0x80 | (code_point & 0x3F));
}

} // namespace voxtral_tts::text
