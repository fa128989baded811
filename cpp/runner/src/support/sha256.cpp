#include "support/sha256.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "support/hash.h"

#ifdef __APPLE__
#include <CommonCrypto/CommonDigest.h>
#else
// The plain functions of version 1.1: they need no provider to be loaded, so
// that the static library adds a few kilobytes.
#define OPENSSL_API_COMPAT 0x10100000L
#include <openssl/sha.h>
#endif

namespace voxtral_tts::support {
namespace {

constexpr size_t kBytes = 32;

} // namespace

struct Sha256::State {
#ifdef __APPLE__
  CC_SHA256_CTX context;
#else
  SHA256_CTX context;
#endif
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
#ifdef __APPLE__
  CC_SHA256_Init(&state_->context);
#else
  SHA256_Init(&state_->context);
#endif
}

Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
#ifdef __APPLE__
  // It counts in 32 bits.
  constexpr size_t kMost = size_t{1} << 30;
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(kMost, bytes.size()))) {
    CC_SHA256_Update(
        &state_->context,
        bytes.data(),
        static_cast<CC_LONG>(std::min(kMost, bytes.size())));
  }
#else
  SHA256_Update(&state_->context, bytes.data(), bytes.size());
#endif
}

std::string Sha256::finish() {
  std::array<std::byte, kBytes> digest{};
  auto* const out = reinterpret_cast<unsigned char*>(digest.data());
#ifdef __APPLE__
  CC_SHA256_Final(out, &state_->context);
#else
  SHA256_Final(out, &state_->context);
#endif
  return to_hex(digest);
}

} // namespace voxtral_tts::support
