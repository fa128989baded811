// Oracle: Unicode's White_Space, Cc and Default_Ignorable_Code_Point, by hand.
#include "text/silent.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "text/utf8.h"

namespace voxtral_tts::text {
namespace {

std::string utf8(char32_t code_point) {
  std::string text;
  append_utf8(code_point, text);
  return text;
}

TEST(Silent, WhatNobodyCanSay) {
  EXPECT_TRUE(is_silent(""));
  EXPECT_TRUE(is_silent(" \t\r\n\v\f"));
  std::string all;
  for (const char32_t code_point :
       {0x0u,    0x1Fu,   0x7Fu,   0x85u,   0xA0u,    0xADu,   0x34Fu,
        0x61Cu,  0x1680u, 0x180Eu, 0x2003u, 0x200Bu,  0x200Du, 0x200Fu,
        0x2028u, 0x202Eu, 0x202Fu, 0x205Fu, 0x2060u,  0x3000u, 0x3164u,
        0xFE0Fu, 0xFEFFu, 0xFFA0u, 0xFFFBu, 0xE0001u, 0xE01EFu}) {
    EXPECT_TRUE(is_silent(utf8(code_point)))
        << std::hex << uint32_t{code_point};
    all += utf8(code_point);
  }
  EXPECT_TRUE(is_silent(all));
  EXPECT_FALSE(is_silent(all + "a"));
}

TEST(Silent, WhatStandsBesideItIsSpoken) {
  for (const char32_t code_point :
       {0x21u,
        0x7Eu,
        0xA1u,
        0xAEu,
        0x2010u,
        0x2026u,
        0x2030u,
        0x2070u,
        0x3001u,
        0x4E00u,
        0xFE10u,
        0xFF01u,
        0xFFFCu,
        0x1F600u,
        0xE1000u}) {
    EXPECT_FALSE(is_silent(utf8(code_point)))
        << std::hex << uint32_t{code_point};
  }
}

TEST(Silent, OnlyTheFirstByteOrderMarkIsTheFiles) {
  EXPECT_EQ(without_byte_order_mark("\uFEFFHello"), "Hello");
  EXPECT_EQ(without_byte_order_mark("\uFEFF\uFEFFHello"), "\uFEFFHello");
  EXPECT_EQ(without_byte_order_mark("Hello\uFEFF"), "Hello\uFEFF");
  EXPECT_EQ(without_byte_order_mark(""), "");
}

} // namespace
} // namespace voxtral_tts::text
