// Characters that nobody can say.
#pragma once

#include <string_view>

namespace voxtral_tts::text {

// The text after a byte-order mark, which is part of the file, not of the text.
std::string_view without_byte_order_mark(std::string_view text) noexcept;

// Whether validated text has no character but white space, control characters
// and those that Unicode calls default ignorable, such as U+200B. O(bytes).
bool is_silent(std::string_view text) noexcept;

} // namespace voxtral_tts::text
