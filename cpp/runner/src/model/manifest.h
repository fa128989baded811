// manifest.json, which the exporter writes beside the programs
// (docs/contract.md, "Manifest").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace voxtral_tts::model {

constexpr uint64_t kMaxManifestBytes = 1 << 20;

struct ByteRange {
  uint64_t offset;
  uint64_t bytes;
};

// What it says of one program file.
struct ManifestEntry {
  uint64_t bytes;
  std::string sha256; // of the whole file, 64 lower-case hexadecimal digits
  // What is interpreted rather than computed with: header, program and the
  // delegates' payloads, without the weights; in order, apart, inside the file.
  // Exports of older versions lack it; then both are empty.
  std::vector<ByteRange> interpreted = {};
  std::string interpreted_sha256 = {}; // of those ranges, one after the other
};

// The entry for the file of this name, none when there is none. Throws
// Error{kModelLoad} for what is no manifest; the message does not name it.
std::optional<ManifestEntry> find_in_manifest(
    std::span<const std::byte> manifest, std::string_view file_name);

} // namespace voxtral_tts::model
