#include "text/pre_tokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "text/unicode_16.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::text {
namespace {

// The ways tried in a whole text, and what one match may hold in memory.
// Tekken's pattern needs a try or two per character of a run of capitals or
// blanks; another may need a million for each character.
constexpr uint64_t kTries = 10'000'000;
constexpr uint64_t kTriesPerByte = 64;
constexpr uint64_t kFirstTries = 1'000; // of a match; free of charge
constexpr uint32_t kHeapLimitKib = 256 * 1024;

struct ContextDeleter {
  void operator()(pcre2_match_context* context) const noexcept {
    pcre2_match_context_free(context);
  }
};
struct MatchDeleter {
  void operator()(pcre2_match_data* match) const noexcept {
    pcre2_match_data_free(match);
  }
};

std::string message_of(int pcre2_error) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(pcre2_error, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

// pcre2_match with a limit on tries that doubles while it is too low. PCRE2
// does not tell how many it took: from the second time on the limit is the
// charge.
template <typename Match>
int match_within(
    uint64_t& budget, pcre2_match_context* context, Match&& match) {
  uint64_t limit = kFirstTries;
  for (;;) {
    pcre2_set_match_limit(context, static_cast<uint32_t>(limit));
    const int status = match();
    const uint64_t most = std::min<uint64_t>(budget, UINT32_MAX);
    if (status != PCRE2_ERROR_MATCHLIMIT || limit > most / 2) {
      return status;
    }
    limit *= 2;
    budget -= limit;
  }
}

[[noreturn]] void throw_match_error(int pcre2_error, size_t offset) {
  const std::string where = " at byte offset " + std::to_string(offset);
  if (pcre2_error == PCRE2_ERROR_NOMATCH) {
    throw Error(
        ErrorClass::kTokenizer,
        "the tokenizer's config.pattern matches nothing in the text" + where +
            "; use the tekken.json that belongs to the model");
  }
  throw Error(
      ErrorClass::kText,
      "cannot cut the text into words" + where + ": " +
          message_of(pcre2_error) + "; shorten the run of characters there");
}

} // namespace

void PreTokenizer::CodeDeleter::operator()(
    pcre2_real_code_8* code) const noexcept {
  pcre2_code_free(code);
}

PreTokenizer::PreTokenizer(const std::string& pattern) {
  int error = 0;
  PCRE2_SIZE error_offset = 0;
  // \C would match half a character and put pieces out of step with the text.
  code_.reset(pcre2_compile(
      reinterpret_cast<PCRE2_SPTR>(pattern.data()),
      pattern.size(),
      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C,
      &error,
      &error_offset,
      nullptr));
  if (code_ == nullptr) {
    throw Error(
        ErrorClass::kTokenizer,
        "config.pattern is no usable regular expression: " + message_of(error) +
            " at byte offset " + std::to_string(error_offset));
  }
}

std::vector<std::string_view> PreTokenizer::split(std::string_view utf8) const {
  const std::unique_ptr<pcre2_match_context, ContextDeleter> context(
      pcre2_match_context_create(nullptr));
  const std::unique_ptr<pcre2_match_data, MatchDeleter> match(
      pcre2_match_data_create(1, nullptr));
  if (context == nullptr || match == nullptr) {
    throw Error(ErrorClass::kInternal, "no memory to match the text");
  }
  pcre2_set_heap_limit(context.get(), kHeapLimitKib);

  const std::string subject = with_unicode_16_classes(utf8);
  std::vector<std::string_view> pieces;
  uint64_t budget = kTries + kTriesPerByte * subject.size();
  size_t offset = 0;
  while (offset < subject.size()) {
    // Anchored: a gap is an error, never text that is lost in silence.
    const int status = match_within(budget, context.get(), [&] {
      return pcre2_match(
          code_.get(),
          reinterpret_cast<PCRE2_SPTR>(subject.data()),
          subject.size(),
          offset,
          PCRE2_ANCHORED | PCRE2_NOTEMPTY | PCRE2_NO_UTF_CHECK,
          match.get(),
          context.get());
    });
    if (status < 0) {
      throw_match_error(status, offset);
    }
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match.get());
    // \K in a pattern can move the start of a match.
    if (bounds[0] != offset || bounds[1] <= offset) {
      throw_match_error(PCRE2_ERROR_NOMATCH, offset);
    }
    pieces.push_back(utf8.substr(offset, bounds[1] - offset));
    offset = bounds[1];
  }
  return pieces;
}

} // namespace voxtral_tts::text
