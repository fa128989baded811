#include "model/integrity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/manifest.h"
#include "support/cache_file.h"
#include "support/cache_folder.h"
#include "support/files.h"
#include "support/sha256.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/log.h"

namespace voxtral_tts::model {
namespace {

namespace fs = std::filesystem;
using support::Bytes;

constexpr size_t kBlock = size_t{1} << 20;
constexpr const char* kNamePrefix = "verified-";
constexpr support::CacheLimits kLimits{64, uint64_t{1} << 20};

[[noreturn]] void fail(const fs::path& file, const std::string& what) {
  throw Error(
      ErrorClass::kModelLoad,
      file.string() + ": " + what +
          ": the file is damaged, incomplete or another one; copy the exported "
          "folder again or export again");
}

[[noreturn]] void fail_system(const fs::path& file, int reason) {
  support::throw_errno(ErrorClass::kModelLoad, file.string(), reason);
}

struct stat examine(const fs::path& file, int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) {
    fail_system(file, errno);
  }
  return status;
}

// SHA-256 of these parts of a file, one after the other.
std::string hash_of_file(
    const fs::path& file, int fd, std::span<const ByteRange> ranges) {
  support::Sha256 hash;
  std::vector<std::byte> block;
  for (const ByteRange& range : ranges) {
    if (::lseek(fd, static_cast<off_t>(range.offset), SEEK_SET) < 0) {
      fail_system(file, errno);
    }
    for (uint64_t left = range.bytes; left > 0; left -= block.size()) {
      block.resize(static_cast<size_t>(std::min<uint64_t>(kBlock, left)));
      support::read_all(fd, block, file, ErrorClass::kModelLoad);
      hash.update(block);
    }
  }
  return hash.finish();
}

// What tells this very file with this content from any other.
std::string identity(const struct stat& status, const ManifestEntry& entry) {
#ifdef __APPLE__
  const timespec changed = status.st_mtimespec;
#else
  const timespec changed = status.st_mtim;
#endif
  std::string text = entry.sha256;
  for (const auto number :
       {static_cast<uint64_t>(status.st_dev),
        static_cast<uint64_t>(status.st_ino),
        static_cast<uint64_t>(status.st_size),
        static_cast<uint64_t>(changed.tv_sec),
        static_cast<uint64_t>(changed.tv_nsec)}) {
    text += " " + std::to_string(number);
  }
  return text + "\n";
}

fs::path record_of(const fs::path& cache_folder, const std::string& identity) {
  const auto key = support::hash_of(std::as_bytes(std::span(identity)));
  return cache_folder / (kNamePrefix + support::to_hex(key) + ".ok");
}

bool is_recorded(const fs::path& record, const std::string& identity) {
  try {
    std::string found(identity.size(), '\0');
    const auto file = support::open_cache_file(record, found.size());
    support::read_all(
        file.get(),
        std::as_writable_bytes(std::span(found)),
        record,
        ErrorClass::kInternal);
    return found == identity;
  } catch (const Error&) {
    return false;
  }
}

void remember(const fs::path& record, const std::string& identity) {
  try {
    const Bytes parts[] = {std::as_bytes(std::span(identity))};
    support::write_cache_file(record, parts);
    support::remove_oldest(record.parent_path(), kNamePrefix, record, kLimits);
  } catch (const Error& error) {
    log_info(
        "the check of a whole file cannot be remembered: %s", error.what());
  }
}

std::optional<ManifestEntry> entry_of(const fs::path& file) {
  const fs::path manifest = file.parent_path() / "manifest.json";
  std::error_code ignored;
  if (!fs::exists(manifest, ignored)) {
    log_warning(
        "%s: no manifest.json beside it: loaded without checking that it is "
        "whole",
        file.c_str());
    return std::nullopt;
  }
  const auto content =
      support::read_file(manifest, kMaxManifestBytes, ErrorClass::kModelLoad);
  try {
    const auto entry = find_in_manifest(content, file.filename().string());
    if (!entry) {
      log_warning(
          "%s: manifest.json does not mention it: loaded without checking that "
          "it is whole",
          file.c_str());
    }
    return entry;
  } catch (const Error& error) {
    throw Error(
        ErrorClass::kModelLoad, manifest.string() + ": " + error.what());
  }
}

} // namespace

void check_readable(const fs::path& file) {
  struct stat status{};
  const auto refuse = [&](const char* why, int reason = 0) {
    throw Error(ErrorClass::kModelLoad, file.string() + ": " + why, reason);
  };
  if (::stat(file.c_str(), &status) != 0) {
    if (errno == ENOENT) {
      refuse(
          "No such file or directory; python -m export writes such files",
          ENOENT);
    }
    fail_system(file, errno);
  }
  if (S_ISDIR(status.st_mode)) {
    refuse("is a folder, not a regular file; name the program file in it");
  }
  if (!S_ISREG(status.st_mode)) {
    refuse("not a regular file");
  }
  if (::access(file.c_str(), R_OK) != 0) {
    fail_system(file, errno);
  }
}

void check_integrity(
    const fs::path& file, bool entirely, const fs::path& cache_folder) {
  check_readable(file);
  const std::optional<ManifestEntry> entry = entry_of(file);
  if (!entry) {
    return;
  }
  const auto opened =
      support::open_file(file, O_RDONLY, 0, ErrorClass::kModelLoad);
  const struct stat status = examine(file, opened.get());
  if (std::cmp_not_equal(status.st_size, entry->bytes)) {
    fail(
        file,
        "has " + std::to_string(status.st_size) +
            " bytes, manifest.json says " + std::to_string(entry->bytes));
  }
  const bool of_old_kind = entry->interpreted_sha256.empty();
  if (!of_old_kind && hash_of_file(file, opened.get(), entry->interpreted) !=
                          entry->interpreted_sha256) {
    fail(file, "its program has another SHA-256 than manifest.json says");
  }
  const std::string id = identity(status, *entry);
  const fs::path record =
      cache_folder.empty() ? fs::path() : record_of(cache_folder, id);
  if (!entirely && !of_old_kind && !record.empty() && is_recorded(record, id)) {
    return;
  }
  log_info(
      "%s: checking all of it, %s",
      file.c_str(),
      of_old_kind ? "as at every load: its manifest.json is of an older export"
                  : "once");
  const ByteRange all[] = {{0, entry->bytes}};
  if (hash_of_file(file, opened.get(), all) != entry->sha256) {
    fail(file, "has another SHA-256 than manifest.json says");
  }
  if (!record.empty()) {
    remember(record, id);
  }
}

} // namespace voxtral_tts::model
