// A tensor as a voice file stores it; the voice file readers produce it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace voxtral_tts::prompt {

enum class ElementType { kBFloat16, kFloat16, kFloat32 };

constexpr uint64_t element_bytes(ElementType type) {
  return type == ElementType::kFloat32 ? 4 : 2;
}

// Element (i, j, ...) of `shape` is element
// storage_offset + i * strides[0] + j * strides[1] + ... of `storage`.
// Nothing of it is checked against the size of the storage.
struct StoredTensor {
  ElementType element_type = ElementType::kFloat32;
  std::span<const std::byte> storage; // little-endian; the file's bytes own it
  uint64_t storage_offset = 0;        // in elements, as are the strides
  std::vector<uint64_t> shape;
  std::vector<uint64_t> strides; // as many as dimensions
};

} // namespace voxtral_tts::prompt
