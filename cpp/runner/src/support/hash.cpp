#include "support/hash.h"

#include <cstring>

#define XXH_INLINE_ALL // no library to link
#include <xxhash.h>

namespace voxtral_tts::support {

Hash128 hash_of(std::span<const Bytes> parts) {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  for (const Bytes part : parts) {
    if (!part.empty()) {
      XXH3_128bits_update(&state, part.data(), part.size());
    }
  }
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state));
  Hash128 hash;
  static_assert(sizeof(canonical.digest) == hash.size());
  std::memcpy(hash.data(), canonical.digest, hash.size());
  return hash;
}

Hash128 hash_of(Bytes bytes) {
  return hash_of(std::span(&bytes, 1));
}

std::string to_hex(Bytes bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

} // namespace voxtral_tts::support
