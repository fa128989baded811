// Cuts text into the pieces within which byte pairs are merged.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

// The compiled expression of PCRE2; kept out of this header otherwise.
struct pcre2_real_code_8;

namespace voxtral_tts::text {

// A Unicode regular expression applied again and again from the end of its
// previous match, as tiktoken does. Immutable, so thread-safe.
class PreTokenizer {
 public:
  // `pattern` is tiktoken's config.pattern: PCRE2 syntax, UTF-8, with Unicode
  // properties. Throws Error{kTokenizer} with the offset in the pattern when it
  // does not compile.
  explicit PreTokenizer(const std::string& pattern);

  // Pieces of `utf8`, in order; they cover it without a gap and are views into
  // it. `utf8` must be valid (validate_utf8): PCRE2 does not check it again.
  // Character classes are those of Unicode 16, see Note [Unicode version].
  // Throws Error{kText} when the text takes more backtracking than allowed, and
  // Error{kTokenizer} when the pattern leaves a part of the text out.
  std::vector<std::string_view> split(std::string_view utf8) const;

 private:
  struct CodeDeleter {
    void operator()(pcre2_real_code_8* code) const noexcept;
  };
  std::unique_ptr<pcre2_real_code_8, CodeDeleter> code_;
};

} // namespace voxtral_tts::text
