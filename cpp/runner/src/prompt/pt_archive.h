// The zip archive that torch.save writes, read strictly: what two zip readers
// could understand differently is refused, not interpreted.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace voxtral_tts::prompt {

// Accepted is exactly what PyTorch's writer can produce below 4 GiB:
//   - entries, central directory and end records cover the file from its
//     first to its last byte, in the same order, without gap or overlap;
//   - every entry is stored (not compressed), not encrypted, its CRC-32 is
//     right, and its local header (or data descriptor) repeats the central one;
//   - zip64 end records, which PyTorch always adds, repeat the plain ones;
//   - all names share one prefix "<anything>/" (or none) and are unique.
// Nothing is copied; memory use is that of the list of at most 64 names.
class PtArchive {
 public:
  // `file` is the whole file and must outlive the archive. Throws
  // Error{kVoice} without naming the file; the caller adds its name.
  explicit PtArchive(std::span<const std::byte> file);

  // The bytes of an entry, its name given without the prefix ("data.pkl").
  // entry() throws Error{kVoice} when the archive has none.
  std::span<const std::byte> entry(std::string_view name) const;
  std::optional<std::span<const std::byte>> find(std::string_view name) const;

 private:
  std::map<std::string, std::span<const std::byte>, std::less<>> entries_;
};

} // namespace voxtral_tts::prompt
