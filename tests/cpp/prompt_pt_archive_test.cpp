// Hand-made zip archives, one defect each: what the writer below produces
// without a defect is accepted, so each refusal is due to the defect.
#include "prompt/pt_archive.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "support/checked.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::prompt {
namespace {

// Bitwise CRC-32, written apart from the table of the reader.
uint32_t crc32(const std::string& data) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : data) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
    }
  }
  return ~crc;
}

struct Header {
  uint16_t flags = 0;
  uint16_t method = 0;
  uint32_t crc = 0;
  uint32_t stored_size = 0;
  uint32_t size = 0;
  std::string name;
  std::string extra;
};

struct Entry {
  Entry(const std::string& name, std::string content)
      : data(std::move(content)) {
    const auto size = static_cast<uint32_t>(data.size());
    central = {0, 0, crc32(data), size, size, name, ""};
    local = central;
  }

  std::string data;
  Header local;
  Header central;
  std::string comment;
  uint16_t disk = 0;
  int32_t offset_shift = 0;
  bool descriptor = false;
};

struct Archive {
  std::vector<Entry> entries{
      {"v/data.pkl", "pickle"},
      {"v/byteorder", "little"},
      {"v/data/0", "1234"}};
  std::string before_entries;
  std::string before_directory;
  std::string before_end;
  std::string comment;
  bool zip64 = false;
  uint64_t zip64_size_shift = 0;
  uint16_t disk = 0;
  int count_shift = 0;
  int32_t directory_shift = 0;
};

std::string le(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) {
    text += static_cast<char>(value & 0xFF);
    value >>= 8;
  }
  return text;
}

std::string common_fields(const Header& header) {
  return le(header.flags, 2) + le(header.method, 2) + le(0, 4) +
         le(header.crc, 4) + le(header.stored_size, 4) + le(header.size, 4) +
         le(header.name.size(), 2) + le(header.extra.size(), 2);
}

std::string build(const Archive& archive) {
  std::string file = archive.before_entries;
  std::string directory;
  for (const Entry& entry : archive.entries) {
    directory +=
        "PK\1\2" + le(0, 4) + common_fields(entry.central) +
        le(entry.comment.size(), 2) + le(entry.disk, 2) + le(0, 6) +
        le(file.size() + static_cast<uint64_t>(entry.offset_shift), 4) +
        entry.central.name + entry.central.extra + entry.comment;
    file += "PK\3\4" + le(0, 2) + common_fields(entry.local) +
            entry.local.name + entry.local.extra + entry.data;
    if (entry.descriptor) {
      file += "PK\7\x08" + le(entry.central.crc, 4) +
              le(entry.central.stored_size, 4) + le(entry.central.size, 4);
    }
  }
  file += archive.before_directory;
  const uint64_t offset =
      file.size() + static_cast<uint64_t>(archive.directory_shift);
  const uint64_t count =
      archive.entries.size() + static_cast<uint64_t>(archive.count_shift);
  file += directory + archive.before_end;
  if (archive.zip64) {
    const uint64_t record = file.size();
    file += "PK\6\6" + le(44, 8) + le(0, 12) + le(count, 8) + le(count, 8) +
            le(directory.size() + archive.zip64_size_shift, 8) + le(offset, 8) +
            "PK\6\7" + le(0, 4) + le(record, 8) + le(1, 4);
  }
  return file + "PK\5\6" + le(archive.disk, 2) + le(0, 2) + le(count, 2) +
         le(count, 2) + le(directory.size(), 4) + le(offset, 4) +
         le(archive.comment.size(), 2) + archive.comment;
}

void use_descriptor(Entry& entry) {
  entry.local.flags = entry.central.flags = 0x0808;
  entry.local.crc = entry.local.size = entry.local.stored_size = 0;
  entry.descriptor = true;
}

PtArchive open(const std::string& file) {
  return PtArchive(std::as_bytes(std::span(file)));
}

TEST(PtArchive, AcceptsTheFormsThatWritersProduce) {
  Archive plain;
  Archive as_pytorch = plain;
  as_pytorch.zip64 = true;
  for (Entry& entry : as_pytorch.entries) {
    use_descriptor(entry);
    entry.local.extra = le(0x4246, 2) + le(3, 2) + "ZZZ"; // alignment
  }
  Archive without_prefix = plain;
  for (Entry& entry : without_prefix.entries) {
    entry.central.name.erase(0, 2);
    entry.local.name.erase(0, 2);
  }
  for (const Archive& archive : {plain, as_pytorch, without_prefix}) {
    const std::string file = build(archive);
    const PtArchive opened = open(file);
    EXPECT_EQ(support::as_text(opened.entry("data.pkl")), "pickle");
    EXPECT_EQ(support::as_text(opened.entry("data/0")), "1234");
    EXPECT_FALSE(opened.find("data/1").has_value());
    EXPECT_THROW(opened.entry("data/1"), Error);
  }
}

struct Defect {
  const char* name;
  const char* message; // part of the refusal
  std::function<void(Archive&)> apply;
};

class DefectiveArchive : public testing::TestWithParam<Defect> {};

TEST_P(DefectiveArchive, IsRefused) {
  Archive archive;
  GetParam().apply(archive);
  const std::string file = build(archive);
  try {
    open(file);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kVoice);
    EXPECT_NE(
        std::string(error.what()).find(GetParam().message), std::string::npos)
        << error.what();
  }
}

Header both(Archive& archive, size_t index, void (*change)(Header&)) {
  change(archive.entries[index].central);
  change(archive.entries[index].local);
  return archive.entries[index].central;
}

template <char const* kName>
void rename_last(Header& header) {
  header.name = kName;
}

constexpr char kParentName[] = "v/../x";
constexpr char kAbsoluteName[] = "/v/x";
constexpr char kOtherPrefix[] = "w/x";
constexpr char kDuplicate[] = "v/data.pkl";
constexpr char kBackslash[] = "v\\x";

const std::vector<Defect> kDefects{
    {"NoEntries", "no data.pkl", [](Archive& a) { a.entries.clear(); }},
    {"NoPickle",
     "no data.pkl",
     [](Archive& a) { a.entries.erase(a.entries.begin()); }},
    {"Deflated",
     "compressed",
     [](Archive& a) { both(a, 2, [](Header& h) { h.method = 8; }); }},
    {"ZipBomb",
     "compressed",
     [](Archive& a) { both(a, 2, [](Header& h) { h.size = 0x7FFFFFFF; }); }},
    {"SizeBeyondFile",
     "truncated",
     [](Archive& a) {
       both(a, 2, [](Header& h) { h.size = h.stored_size = 0xFFFFFFF0; });
     }},
    {"FakeZip64Size",
     "truncated",
     [](Archive& a) {
       both(a, 2, [](Header& h) { h.size = h.stored_size = 0xFFFFFFFF; });
     }},
    {"Encrypted",
     "encrypted",
     [](Archive& a) { both(a, 2, [](Header& h) { h.flags = 1; }); }},
    {"DescriptorMissing",
     "described differently",
     [](Archive& a) { both(a, 2, [](Header& h) { h.flags = 8; }); }},
    {"DescriptorWithoutFlag",
     "out of order",
     [](Archive& a) { a.entries[1].descriptor = true; }},
    {"WrongCrc",
     "CRC-32",
     [](Archive& a) { both(a, 2, [](Header& h) { ++h.crc; }); }},
    {"LocalCrcDiffers",
     "described differently",
     [](Archive& a) { ++a.entries[2].local.crc; }},
    {"LocalNameDiffers",
     "described differently",
     [](Archive& a) { a.entries[2].local.name = "v/dat"; }},
    {"LocalSizeDiffers",
     "described differently",
     [](Archive& a) { --a.entries[2].local.size; }},
    {"LocalMethodDiffers",
     "described differently",
     [](Archive& a) { a.entries[2].local.method = 8; }},
    {"LocalFlagsDiffer",
     "described differently",
     [](Archive& a) { a.entries[2].local.flags = 0x800; }},
    {"Duplicate",
     "twice",
     [](Archive& a) { both(a, 2, rename_last<kDuplicate>); }},
    {"ParentName",
     "not plain",
     [](Archive& a) { both(a, 2, rename_last<kParentName>); }},
    {"Absolute",
     "not plain",
     [](Archive& a) { both(a, 2, rename_last<kAbsoluteName>); }},
    {"Backslash",
     "not plain",
     [](Archive& a) { both(a, 2, rename_last<kBackslash>); }},
    {"OtherPrefix",
     "another prefix",
     [](Archive& a) { both(a, 2, rename_last<kOtherPrefix>); }},
    {"EntryComment", "comment", [](Archive& a) { a.entries[2].comment = "c"; }},
    {"EntryDisk", "multi-volume", [](Archive& a) { a.entries[2].disk = 1; }},
    {"OffsetShifted",
     "out of order",
     [](Archive& a) { a.entries[2].offset_shift = 1; }},
    {"OffsetBeyondFile",
     "out of order",
     [](Archive& a) { a.entries[2].offset_shift = 0x7FFFFFFF; }},
    {"Overlap",
     "overlap",
     [](Archive& a) {
       // Both directory entries point to the first local header.
       a.entries[1] = a.entries[0];
       a.entries[1].offset_shift = -46;
     }},
    {"GapBeforeEntries",
     "leave gaps",
     [](Archive& a) { a.before_entries = "#!/bin/sh\n"; }},
    {"GapBeforeDirectory",
     "belong to no entry",
     [](Archive& a) { a.before_directory = "x"; }},
    {"GapBeforeEnd",
     "not where the end record says",
     [](Archive& a) { a.before_end = "x"; }},
    {"Comment", "does not end like", [](Archive& a) { a.comment = "comment"; }},
    {"FakeEndInComment",
     "not where the end record says",
     [](Archive& a) { a.comment = build(Archive()); }},
    {"MultiDisk", "multi-volume", [](Archive& a) { a.disk = 1; }},
    {"CountTooSmall", "another size", [](Archive& a) { a.count_shift = -1; }},
    {"CountTooLarge", "bad signature", [](Archive& a) { a.count_shift = 1; }},
    {"CountMaximal", "> 64", [](Archive& a) { a.count_shift = 65'532; }},
    {"DirectoryShifted",
     "not where the end record says",
     [](Archive& a) { a.directory_shift = 1; }},
    {"Zip64Disagrees",
     "disagree",
     [](Archive& a) {
       a.zip64 = true;
       a.zip64_size_shift = 1;
     }},
    {"Zip64Overflows",
     "disagree",
     [](Archive& a) {
       a.zip64 = true;
       a.zip64_size_shift = UINT64_MAX - 10;
     }},
    {"ManyEntries",
     "> 64",
     [](Archive& a) {
       for (int i = 0; i < 65; ++i) {
         a.entries.emplace_back("v/data/" + std::to_string(i + 1), "x");
       }
     }},
};

INSTANTIATE_TEST_SUITE_P(
    Defects,
    DefectiveArchive,
    testing::ValuesIn(kDefects),
    [](const auto& test) { return std::string(test.param.name); });

} // namespace
} // namespace voxtral_tts::prompt
