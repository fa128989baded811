// Oracle: the examples of FIPS 180-4's publisher (NIST, "SHA256.pdf").
#include "support/sha256.h"

#include <gmock/gmock.h>

#include <string_view>

namespace voxtral_tts::support {
namespace {

void feed(Sha256& hash, std::string_view text) {
  hash.update(std::as_bytes(std::span(text)));
}

TEST(Sha256, OneBlock) {
  Sha256 hash;
  feed(hash, "abc");
  EXPECT_EQ(
      hash.finish(),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, TwoBlocksInPieces) {
  constexpr std::string_view kText =
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  Sha256 hash;
  for (size_t i = 0; i < kText.size(); i += 5) {
    feed(hash, kText.substr(i, 5));
  }
  EXPECT_EQ(
      hash.finish(),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, Nothing) {
  EXPECT_EQ(
      Sha256().finish(),
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

} // namespace
} // namespace voxtral_tts::support
