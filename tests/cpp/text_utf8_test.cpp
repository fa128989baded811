// UTF-8 checking against the table of well-formed sequences in the Unicode
// standard (table 3-7), and the class-preserving copy that PCRE2 matches.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "text/unicode_16.h"
#include "text/utf8.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::text {
namespace {

struct Malformed {
  std::string_view bytes;
  const char* problem;
};

constexpr Malformed kMalformed[] = {
    {"\x80", "stray continuation"},
    {"\xBF", "stray continuation"},
    {"\xC0\x80", "overlong"},
    {"\xC1\xBF", "overlong"},
    {"\xE0\x80\x80", "overlong"},
    {"\xE0\x9F\xBF", "overlong"},
    {"\xF0\x80\x80\x80", "overlong"},
    {"\xF0\x8F\xBF\xBF", "overlong"},
    {"\xED\xA0\x80", "surrogate"},
    {"\xED\xBF\xBF", "surrogate"},
    {"\xF4\x90\x80\x80", "above U+10FFFF"},
    {"\xF5\x80\x80\x80", "never occurs"},
    {"\xFF", "never occurs"},
    {"\xFE", "never occurs"},
    {"\xC3", "breaks off"},
    {"\xE2\x82", "breaks off"},
    {"\xF0\x9F\x98", "breaks off"},
    {"\xF0\x9F\x98z", "breaks off"},
    {"\xE2z", "breaks off"},
    {"\xC3\xC3\xA9", "breaks off"},
};

bool is_valid(std::string_view text) {
  try {
    validate_utf8(text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

TEST(Utf8, RefusesEveryMalformedClassAndNamesItsOffset) {
  for (const Malformed& malformed : kMalformed) {
    const std::string text = "h\xC3\xA9llo " + std::string(malformed.bytes);
    try {
      validate_utf8(text);
      FAIL() << "accepted: " << malformed.problem;
    } catch (const Error& error) {
      const std::string message = error.what();
      EXPECT_EQ(error.error_class(), ErrorClass::kText);
      EXPECT_NE(message.find(malformed.problem), std::string::npos) << message;
      EXPECT_NE(message.find("byte offset 7;"), std::string::npos) << message;
    }
  }
}

TEST(Utf8, ReportsTheFirstOfSeveral) {
  try {
    validate_utf8("ab\xFF cd \xFF");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("offset 2;"), std::string::npos);
  }
}

TEST(Utf8, EveryScalarValueIsValidAndSurvivesARoundTrip) {
  for (char32_t code_point = 0; code_point <= 0x10FFFF; ++code_point) {
    if (code_point >= 0xD800 && code_point <= 0xDFFF) {
      continue;
    }
    std::string text;
    append_utf8(code_point, text);
    ASSERT_TRUE(is_valid(text)) << std::hex << uint32_t{code_point};
    ASSERT_EQ(decode_utf8(text, 0), code_point);
    ASSERT_EQ(utf8_length(static_cast<unsigned char>(text[0])), text.size());
  }
}

// All sequences of up to two bytes: 128 + 128 * 128 of one and two ASCII
// characters and 30 * 64 of two bytes, by the table.
TEST(Utf8, CountOfValidShortSequencesIsThatOfTheTable) {
  int one = 0;
  int two = 0;
  for (int a = 0; a < 256; ++a) {
    one += is_valid(std::string(1, static_cast<char>(a)));
    for (int b = 0; b < 256; ++b) {
      const char pair[] = {static_cast<char>(a), static_cast<char>(b)};
      two += is_valid(std::string_view(pair, 2));
    }
  }
  EXPECT_EQ(one, 128);
  EXPECT_EQ(two, 128 * 128 + 30 * 64);
}

TEST(Utf8, EmptyTextAndZeroBytesAreValid) {
  EXPECT_TRUE(is_valid(""));
  EXPECT_TRUE(is_valid(std::string_view("\0a\0", 3)));
}

TEST(Unicode16, KeepsOffsetsAndReplacesWhatDiffers) {
  // Text that no version of PCRE2 sees differently stays as it is.
  const std::string plain = "na\u00EFve \u0939\u093F \u4E2D \U0001F600\n";
  EXPECT_EQ(with_unicode_16_classes(plain), plain);

  const std::string differs = "a\u180E\u0897b\U00011380 \u0295";
  const std::string copy = with_unicode_16_classes(differs);
  EXPECT_EQ(copy.size(), differs.size());
  EXPECT_TRUE(is_valid(copy));
  EXPECT_EQ(copy, "a\u2060\u20D0b\U00010000 \u00DF");
}

} // namespace
} // namespace voxtral_tts::text
