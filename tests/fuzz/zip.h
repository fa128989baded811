// Zip archives for the mutator of voice files: taken apart without any checks
// worth the name, put together with right sizes, offsets and CRC-32.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace voxtral_tts::fuzz {

struct ZipEntry {
  std::string name;
  std::string data;
};

// As many entries as can be found; none when the bytes are no zip archive.
std::vector<ZipEntry> split_zip(std::string_view file);

// `zip64` adds the end records that torch.save adds.
std::string join_zip(const std::vector<ZipEntry>& entries, bool zip64);

} // namespace voxtral_tts::fuzz
