// The KV cache of a program whose memory the host can reach, as plain bytes:
// what a row holds is the program's business.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace voxtral_tts::model {

// The keys or the values of one layer, [1, capacity, ...], row p of an
// utterance at p. The bytes belong to the program and live as long as it.
struct KvBuffer {
  std::string name;   // in the program, "layers.0.attention.k_cache"
  std::string format; // dtype and shape, "Float [1, 4096, 8, 128]"
  std::span<std::byte> bytes;
  size_t row_bytes = 0;

  // The first `count` rows; count <= capacity.
  std::span<std::byte> rows(size_t count) const {
    return bytes.first(count * row_bytes);
  }
};

} // namespace voxtral_tts::model
