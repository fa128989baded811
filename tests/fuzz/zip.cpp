#include "zip.h"

#include <array>
#include <cstdint>

// Field order: PKWARE's APPNOTE.TXT, section 4.3.
namespace voxtral_tts::fuzz {
namespace {

std::string le(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) {
    text += static_cast<char>(i < 8 ? (value >> (8 * i)) & 0xFF : 0);
  }
  return text;
}

uint32_t crc32(std::string_view data) {
  static const auto table = [] {
    std::array<uint32_t, 256> made{};
    for (uint32_t i = 0; i < 256; ++i) {
      made[i] = i;
      for (int bit = 0; bit < 8; ++bit) {
        made[i] = (made[i] >> 1) ^ (0xEDB88320U & (0U - (made[i] & 1U)));
      }
    }
    return made;
  }();
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : data) {
    crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xFFU];
  }
  return ~crc;
}

// 0 beyond the end, which leads to empty entries.
uint64_t read(std::string_view file, size_t position, int bytes) {
  uint64_t value = 0;
  for (int i = bytes; i > 0; --i) {
    const size_t at = position + static_cast<size_t>(i) - 1;
    value = (value << 8) |
            (at < file.size() ? static_cast<unsigned char>(file[at]) : 0U);
  }
  return value;
}

std::string_view part(std::string_view file, size_t position, size_t size) {
  return position < file.size() ? file.substr(position, size)
                                : std::string_view();
}

} // namespace

std::vector<ZipEntry> split_zip(std::string_view file) {
  std::vector<ZipEntry> entries;
  const size_t end = file.rfind("PK\5\6");
  if (end == std::string_view::npos) {
    return entries;
  }
  size_t at = read(file, end + 16, 4);
  while (entries.size() < 64 && part(file, at, 4) == "PK\1\2") {
    const size_t name_bytes = read(file, at + 28, 2);
    const size_t local = read(file, at + 42, 4);
    const size_t data =
        local + 30 + read(file, local + 26, 2) + read(file, local + 28, 2);
    entries.push_back(
        {std::string(part(file, at + 46, name_bytes)),
         std::string(part(file, data, read(file, at + 24, 4)))});
    at += 46 + name_bytes + read(file, at + 30, 2) + read(file, at + 32, 2);
  }
  return entries;
}

std::string join_zip(const std::vector<ZipEntry>& entries, bool zip64) {
  std::string file;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    const std::string common =
        le(0, 8) + le(crc32(entry.data), 4) + le(entry.data.size(), 4) +
        le(entry.data.size(), 4) + le(entry.name.size(), 2) + le(0, 2);
    directory += "PK\1\2" + le(0, 4) + common + le(0, 10) + le(file.size(), 4) +
                 entry.name;
    file += "PK\3\4" + le(0, 2) + common + entry.name + entry.data;
  }
  const size_t offset = file.size();
  const std::string count = le(entries.size(), zip64 ? 8 : 2);
  file += directory;
  if (zip64) {
    const size_t record = file.size();
    file += "PK\6\6" + le(44, 8) + le(0, 12) + count + count +
            le(directory.size(), 8) + le(offset, 8) + "PK\6\7" + le(0, 4) +
            le(record, 8) + le(1, 4);
  }
  return file + "PK\5\6" + le(0, 4) + count.substr(0, 2) + count.substr(0, 2) +
         le(directory.size(), 4) + le(offset, 4) + le(0, 2);
}

} // namespace voxtral_tts::fuzz
