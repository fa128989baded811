#include "prompt/pt_archive.h"

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "support/checked.h"
#include "support/files.h"
#include "voxtral_tts/error.h"

// Field order and signatures: PKWARE's APPNOTE.TXT, section 4.3.
namespace voxtral_tts::prompt {
namespace {

using Bytes = std::span<const std::byte>;
using support::ByteReader;
using support::in_quotes;

constexpr uint32_t kLocalHeaderSignature = 0x04034B50;
constexpr uint32_t kDescriptorSignature = 0x08074B50;
constexpr uint32_t kCentralHeaderSignature = 0x02014B50;
constexpr uint32_t kEndSignature = 0x06054B50;
constexpr uint32_t kZip64EndSignature = 0x06064B50;
constexpr uint32_t kZip64LocatorSignature = 0x07064B50;

constexpr uint64_t kEndBytes = 22; // without a comment
constexpr uint64_t kZip64LocatorBytes = 20;
constexpr uint64_t kZip64EndBytes = 56;
constexpr uint64_t kMaxEntries = 64; // a voice has about seven

constexpr uint16_t kFlagDescriptor = 0x0008; // CRC and size follow the data
constexpr uint16_t kFlagUtf8 = 0x0800;
constexpr uint16_t kMethodStored = 0;

struct CentralDirectory {
  uint64_t entries = 0;
  uint64_t size = 0;   // bytes
  uint64_t offset = 0; // from the start of the file

  bool operator==(const CentralDirectory&) const = default;
};

struct EntryHeader {
  uint16_t flags = 0;
  uint16_t method = 0;
  uint32_t crc = 0;
  uint64_t stored_size = 0;
  uint64_t size = 0;
  uint64_t local_offset = 0;
  std::string_view name;
};

[[noreturn]] void refuse(const std::string& why) {
  throw Error(
      ErrorClass::kVoice, why + "; write the file with torch.save(tensor)");
}

void require(bool condition, const char* why) {
  if (!condition) {
    refuse(why);
  }
}

ByteReader reader_at(Bytes file, uint64_t position) {
  ByteReader reader(file, ErrorClass::kVoice, "the zip archive");
  reader.seek(position);
  return reader;
}

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320U : 0U);
    }
    table[byte] = value;
  }
  return table;
}

// CRC-32 of ISO-HDLC, the one zip uses.
uint32_t crc32(Bytes bytes) {
  static constexpr std::array<uint32_t, 256> kTable = make_crc_table();
  uint32_t crc = 0xFFFFFFFF;
  for (const std::byte byte : bytes) {
    crc = (crc >> 8) ^ kTable[(crc ^ std::to_integer<uint32_t>(byte)) & 0xFF];
  }
  return crc ^ 0xFFFFFFFF;
}

CentralDirectory read_end_record(Bytes file) {
  require(file.size() >= kEndBytes, "it is too short for a zip archive");
  ByteReader reader = reader_at(file, file.size() - kEndBytes);
  require(
      reader.u32() == kEndSignature,
      "it does not end like a zip archive (truncated, or not a .pt file)");
  const uint16_t disk = reader.u16();
  const uint16_t directory_disk = reader.u16();
  require(disk == 0 && directory_disk == 0, "it is a multi-volume zip archive");
  const uint64_t entries_here = reader.u16();
  CentralDirectory directory;
  directory.entries = reader.u16();
  directory.size = reader.u32();
  directory.offset = reader.u32();
  require(entries_here == directory.entries, "it is a multi-volume zip");
  require(reader.u16() == 0, "its zip archive has a comment");
  return directory;
}

CentralDirectory read_zip64_end_record(Bytes file, uint64_t position) {
  ByteReader reader = reader_at(file, position);
  require(
      reader.u32() == kZip64EndSignature, "its zip64 end record is misplaced");
  require(
      reader.u64() == kZip64EndBytes - 12, "its zip64 end record is extended");
  reader.bytes(4); // versions made by and needed
  const uint32_t disk = reader.u32();
  const uint32_t directory_disk = reader.u32();
  const uint64_t entries_here = reader.u64();
  CentralDirectory directory;
  directory.entries = reader.u64();
  directory.size = reader.u64();
  directory.offset = reader.u64();
  require(
      disk == 0 && directory_disk == 0 && entries_here == directory.entries,
      "it is a multi-volume zip archive");
  return directory;
}

// Finds the directory and checks that it ends where the end records begin.
CentralDirectory locate_directory(Bytes file) {
  const CentralDirectory directory = read_end_record(file);
  uint64_t directory_end = file.size() - kEndBytes;
  if (directory_end >= kZip64LocatorBytes + kZip64EndBytes) {
    ByteReader locator = reader_at(file, directory_end - kZip64LocatorBytes);
    if (locator.u32() == kZip64LocatorSignature) {
      directory_end -= kZip64LocatorBytes + kZip64EndBytes;
      const uint32_t disk = locator.u32();
      const uint64_t record_offset = locator.u64();
      require(
          disk == 0 && locator.u32() <= 1, "it is a multi-volume zip archive");
      require(
          record_offset == directory_end &&
              read_zip64_end_record(file, record_offset) == directory,
          "its zip64 and plain end records disagree");
    }
  }
  require(
      support::saturating_add(directory.offset, directory.size) ==
          directory_end,
      "its zip directory is not where the end record says");
  require(directory.entries <= kMaxEntries, "its zip archive has > 64 entries");
  return directory;
}

EntryHeader read_central_header(ByteReader& reader) {
  require(
      reader.u32() == kCentralHeaderSignature,
      "its zip directory is corrupt (bad signature)");
  reader.bytes(4); // versions made by and needed
  EntryHeader entry;
  entry.flags = reader.u16();
  entry.method = reader.u16();
  reader.bytes(4); // time and date
  entry.crc = reader.u32();
  entry.stored_size = reader.u32();
  entry.size = reader.u32();
  const uint16_t name_bytes = reader.u16();
  const uint16_t extra_bytes = reader.u16();
  const uint16_t comment_bytes = reader.u16();
  require(reader.u16() == 0, "it is a multi-volume zip archive");
  reader.bytes(6); // attributes
  entry.local_offset = reader.u32();
  entry.name = reader.text(name_bytes);
  reader.bytes(extra_bytes);
  require(comment_bytes == 0, "a zip entry has a comment");
  return entry;
}

void check_supported(const EntryHeader& entry) {
  require(
      (entry.flags & ~(kFlagDescriptor | kFlagUtf8)) == 0,
      "a zip entry is encrypted or uses another unsupported feature");
  require(
      entry.method == kMethodStored && entry.stored_size == entry.size,
      "a zip entry is compressed");
  const bool plain_name = !entry.name.empty() && entry.name.front() != '/' &&
                          entry.name.find('\0') == std::string_view::npos &&
                          entry.name.find('\\') == std::string_view::npos &&
                          entry.name.find("..") == std::string_view::npos;
  if (!plain_name) {
    refuse("the zip entry name " + in_quotes(entry.name) + " is not plain");
  }
}

// Reads the entry whose local header starts at the reader and leaves the
// reader behind its data and descriptor.
Bytes read_entry(ByteReader& reader, const EntryHeader& entry) {
  require(
      reader.position() == entry.local_offset,
      "its zip entries overlap, leave gaps or are out of order");
  require(
      reader.u32() == kLocalHeaderSignature,
      "a zip entry does not start with a local header");
  reader.bytes(2); // version needed
  const uint16_t flags = reader.u16();
  const uint16_t method = reader.u16();
  reader.bytes(4); // time and date
  const uint32_t crc = reader.u32();
  const uint64_t stored_size = reader.u32();
  const uint64_t size = reader.u32();
  const uint16_t name_bytes = reader.u16();
  const uint16_t extra_bytes = reader.u16();
  const bool same_name = reader.text(name_bytes) == entry.name;
  reader.bytes(extra_bytes); // PyTorch pads here to align the data
  const Bytes data = reader.bytes(entry.size);

  const bool same_sizes =
      crc == entry.crc && stored_size == entry.size && size == entry.size;
  bool consistent = same_name && flags == entry.flags && method == entry.method;
  if ((flags & kFlagDescriptor) != 0) {
    const bool left_open = crc == 0 && stored_size == 0 && size == 0;
    consistent = consistent && (left_open || same_sizes) &&
                 reader.u32() == kDescriptorSignature &&
                 reader.u32() == entry.crc && reader.u32() == entry.size &&
                 reader.u32() == entry.size;
  } else {
    consistent = consistent && same_sizes;
  }
  if (!consistent) {
    refuse(
        "the zip entry " + in_quotes(entry.name) +
        " is described differently in the directory");
  }
  if (crc32(data) != entry.crc) {
    refuse("the zip entry " + in_quotes(entry.name) + " is corrupt (CRC-32)");
  }
  return data;
}

// "<prefix>/" of the one entry "<prefix>/data.pkl", or "" for "data.pkl".
std::string_view find_prefix(const std::vector<EntryHeader>& headers) {
  constexpr std::string_view kPickle = "data.pkl";
  for (const EntryHeader& header : headers) {
    const std::string_view name = header.name;
    const size_t prefix_bytes = name.find('/') + 1; // npos + 1 == 0: no '/'
    if (name.substr(prefix_bytes) == kPickle) {
      return name.substr(0, prefix_bytes);
    }
  }
  refuse("its zip archive has no data.pkl");
}

} // namespace

PtArchive::PtArchive(std::span<const std::byte> file) {
  const CentralDirectory directory = locate_directory(file);
  ByteReader central = reader_at(file, directory.offset);
  std::vector<EntryHeader> headers;
  for (uint64_t i = 0; i < directory.entries; ++i) {
    headers.push_back(read_central_header(central));
    check_supported(headers.back());
  }
  require(
      central.position() == directory.offset + directory.size,
      "its zip directory has another size than the end record says");

  const std::string_view prefix = find_prefix(headers);
  ByteReader local = reader_at(file, 0);
  for (const EntryHeader& header : headers) {
    const Bytes data = read_entry(local, header);
    if (!header.name.starts_with(prefix)) {
      refuse("the zip entry " + in_quotes(header.name) + " has another prefix");
    }
    const std::string name(header.name.substr(prefix.size()));
    if (!entries_.emplace(name, data).second) {
      refuse("the zip entry " + in_quotes(header.name) + " occurs twice");
    }
  }
  require(
      local.position() == directory.offset,
      "its zip archive has bytes that belong to no entry");
}

std::span<const std::byte> PtArchive::entry(std::string_view name) const {
  const auto bytes = find(name);
  if (!bytes.has_value()) {
    refuse("its zip archive has no entry " + in_quotes(name));
  }
  return *bytes;
}

std::optional<std::span<const std::byte>> PtArchive::find(
    std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    return std::nullopt;
  }
  return found->second;
}

} // namespace voxtral_tts::prompt
