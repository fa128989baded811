// SHA-256 (FIPS 180-4) by the system's cryptographic library.
#pragma once

#include <memory>
#include <span>
#include <string>

namespace voxtral_tts::support {

// Of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();

  void update(std::span<const std::byte> bytes);
  // 64 lower-case hexadecimal digits. Call it once.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace voxtral_tts::support
