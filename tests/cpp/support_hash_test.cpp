// Oracle: XXH3's own test vectors (xxHash, tests/sanity_test_vectors.h) for
// nothing and for "a" by `xxhsum -H2`.
#include "support/hash.h"

#include <gtest/gtest.h>

#include <string_view>

namespace voxtral_tts::support {
namespace {

Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(Hash, IsXxh3Of128Bits) {
  EXPECT_EQ(to_hex(hash_of(Bytes())), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(to_hex(hash_of(bytes_of("a"))), "a96faf705af16834e6c632b61e964e1f");
}

TEST(Hash, PartsAreOnePiece) {
  const std::string long_text(5000, 'x');
  const Bytes whole = bytes_of(long_text);
  const Bytes parts[] = {
      whole.first(1), {}, whole.subspan(1, 700), whole.subspan(701)};
  EXPECT_EQ(hash_of(parts), hash_of(whole));
  EXPECT_NE(hash_of(whole), hash_of(whole.first(4999)));
}

} // namespace
} // namespace voxtral_tts::support
