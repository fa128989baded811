// Makes PCRE2 see the character classes of Unicode 16, whatever its version.
#pragma once

#include <string>
#include <string_view>

namespace voxtral_tts::text {

// Note [Unicode version]: the token ids follow from the character classes of
// the regular expression engine. The reference tokenizer's engine has the
// tables of Unicode 16; PCRE2 10.42 has those of Unicode 14, and its \s also
// takes U+180E, which is no white space since Unicode 6.3. Before matching,
// each code point on which they differ is replaced by an old one of the same
// class and the same number of UTF-8 bytes, so that every match has the same
// offsets in the text itself. Classes are told apart as Lu, Ll, Lm, Lo, M, N,
// white space and the rest, which is as fine as Tekken's pattern looks. Code
// points that Unicode 16 leaves unassigned stay as they are: a PCRE2 newer
// than that may class them differently.
//
// `utf8` is validated UTF-8. The result has as many bytes, with every sequence
// at its old offset; it serves for matching only. O(bytes), thread-safe.
std::string with_unicode_16_classes(std::string_view utf8);

} // namespace voxtral_tts::text
