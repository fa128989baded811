// UTF-8 checking. Text from a user is checked once, where it enters, so that
// everything behind may decode without looking back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace voxtral_tts::text {

// Returns when `text` is well-formed UTF-8 (Unicode 16, table 3-7); the empty
// string is. Otherwise throws Error{kText} whose message gives the byte offset
// at which the first malformed sequence starts and what is wrong with it: a
// stray continuation byte, an overlong form, a surrogate, a value above
// U+10FFFF, or a sequence that breaks off. O(bytes), thread-safe.
void validate_utf8(std::string_view text);

// Bytes in the sequence that `lead` starts, 1 to 4. `lead` must be the first
// byte of a sequence in validated text.
constexpr size_t utf8_length(unsigned char lead) noexcept {
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// The code point at `offset`, which must be the first byte of a sequence in
// validated text.
char32_t decode_utf8(std::string_view text, size_t offset) noexcept;

// Appends the UTF-8 form of `code_point`, which must be a Unicode scalar value.
void append_utf8(char32_t code_point, std::string& out);

} // namespace voxtral_tts::text
