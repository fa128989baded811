// The rows that a voice leaves in the KV cache, in files: one per model and
// voice, in a folder that may be emptied at any time.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "model/kv_buffer.h"
#include "support/hash.h"

namespace voxtral_tts::prompt {

// Nothing here throws: a file that cannot be read, or is not to the byte what
// this class would write, is as good as none, and one that cannot be written is
// left out. The log says why.
//
// A file is, all integers little-endian: "VXPREFIX", u32 version, the key (16
// bytes), u64 rows, u32 count of buffers, for each u64 bytes per row, u32
// length and text of name and format; u64 size of the payload, its XXH3 (16
// bytes), the payload: the rows of each buffer.
class PrefixFiles {
 public:
  // `model` stands for everything besides voice and cache layout that decides
  // the rows' values. The buffers' bytes are not touched and not kept.
  PrefixFiles(
      std::filesystem::path folder,
      const support::Hash128& model,
      std::span<const model::KvBuffer> buffers);

  // Fills the parts, `rows` rows of each buffer in their order. When it returns
  // false they may hold anything.
  bool read(
      const support::Hash128& voice,
      size_t rows,
      std::span<const std::span<std::byte>> payload) const noexcept;

  // Writes beside the name and renames, so that others see the old file, the
  // new one or none; then removes the files unused for longest.
  void write(
      const support::Hash128& voice,
      size_t rows,
      std::span<const support::Bytes> payload) const noexcept;

  void remove(const support::Hash128& voice, size_t rows) const noexcept;

  std::filesystem::path path(const support::Hash128& voice, size_t rows) const;

 private:
  struct Layout {
    std::string text; // name and format
    size_t row_bytes;
  };

  support::Hash128 key(const support::Hash128& voice, size_t rows) const;
  std::string header(const support::Hash128& voice, size_t rows) const;
  uint64_t payload_bytes(size_t rows) const;
  void read_checked(
      const std::filesystem::path& path,
      const support::Hash128& voice,
      size_t rows,
      std::span<const std::span<std::byte>> payload) const;

  std::filesystem::path folder_;
  support::Hash128 model_;
  std::vector<Layout> buffers_;
};

} // namespace voxtral_tts::prompt
