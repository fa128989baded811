// Reading and writing themselves are covered by the voice and WAV tests.
#include "support/files.h"

#include <gtest/gtest.h>

#include "support/checked.h"

namespace voxtral_tts::support {
namespace {

TEST(InQuotes, KeepsOneLineOfValidUtf8) {
  EXPECT_EQ(in_quotes(""), "''");
  EXPECT_EQ(in_quotes("voix d'été 声 😀"), "'voix d'été 声 😀'");
  EXPECT_EQ(in_quotes("a\nb\x1b[31m\x7f"), "'a?b?[31m?'");
  EXPECT_EQ(in_quotes(std::string_view("a\0b", 3)), "'a?b'");
  // Stray and missing continuation bytes, overlong forms, a surrogate, beyond
  // U+10FFFF: each bad byte becomes one '?'.
  EXPECT_EQ(in_quotes("\x80|\xC3|\xE5\xA3|\xFF|"), "'?|?|??|?|'");
  EXPECT_EQ(in_quotes("\xC0\xAF|\xE0\x80\xAF|\xED\xA0\x80|"), "'??|???|???|'");
  EXPECT_EQ(in_quotes("\xF0\x80\x80\x80|\xF4\x90\x80\x80|"), "'????|????|'");
}

TEST(InQuotes, CutsLongTextBetweenCharacters) {
  EXPECT_EQ(
      in_quotes(std::string(200, 'x')), "'" + std::string(200, 'x') + "'");
  EXPECT_EQ(
      in_quotes(std::string(199, 'x') + "éy"),
      "'" + std::string(199, 'x') + "é...'");
}

TEST(Checked, SaturatesInsteadOfWrapping) {
  EXPECT_EQ(saturating_add(2, 3), 5);
  EXPECT_EQ(saturating_add(UINT64_MAX, 1), UINT64_MAX);
  EXPECT_EQ(saturating_mul(2, 3), 6);
  EXPECT_EQ(saturating_mul(UINT64_MAX / 2, 3), UINT64_MAX);
  EXPECT_EQ(saturating_mul(UINT64_MAX, 0), 0);
}

TEST(ByteReader, ReadsLittleEndianUpToTheEnd) {
  const std::string data = "\x01\x02\x03\x04\x05\x06\x07\x08\x09";
  ByteReader reader(std::as_bytes(std::span(data)), ErrorClass::kVoice, "data");
  EXPECT_EQ(reader.u16(), 0x0201);
  reader.seek(0);
  EXPECT_EQ(reader.u64(), 0x0807060504030201);
  EXPECT_THROW(reader.u16(), Error);
  EXPECT_EQ(reader.u8(), 9); // the failed read took nothing
  EXPECT_THROW(reader.u8(), Error);
  EXPECT_THROW(reader.bytes(UINT64_MAX), Error);
  EXPECT_THROW(reader.seek(10), Error);
  EXPECT_NO_THROW(reader.seek(9));
}

} // namespace
} // namespace voxtral_tts::support
