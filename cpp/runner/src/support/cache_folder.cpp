#include "support/cache_folder.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/files.h"

namespace voxtral_tts::support {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "voxtral_tts";
constexpr auto kAbandonedAfter = std::chrono::hours(1);
#ifdef __APPLE__
constexpr const char* kBelowHome = "Library/Caches";
#else
constexpr const char* kBelowHome = ".cache";
#endif

fs::path variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? fs::path() : fs::path(value);
}

struct CacheFile {
  fs::path path;
  uint64_t bytes;
  fs::file_time_type used; // reading a file sets it
};

// prefix, 32 hexadecimal digits, and what a finished or an unfinished file has
// after them. The folder may be one where a user's own files lie too.
bool is_cache_file(std::string_view name, std::string_view prefix) {
  constexpr size_t kDigits = 32;
  if (!name.starts_with(prefix) || name.size() <= prefix.size() + kDigits) {
    return false;
  }
  const auto key = name.substr(prefix.size(), kDigits);
  const auto rest = name.substr(prefix.size() + kDigits);
  return key.find_first_not_of("0123456789abcdef") == std::string_view::npos &&
         (rest == ".kv" || rest == ".ok" ||
          (rest.starts_with(".") && rest.ends_with(".part")));
}

std::vector<CacheFile> cache_files(
    const fs::path& folder, std::string_view prefix) {
  std::vector<CacheFile> files;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code gone; // another process may clean up as well
    if (is_cache_file(entry->path().filename().string(), prefix) &&
        entry->symlink_status(gone).type() == fs::file_type::regular) {
      const uint64_t bytes = entry->file_size(gone);
      const auto used = entry->last_write_time(gone);
      if (!gone) {
        files.push_back({entry->path(), bytes, used});
      }
    }
  }
  return files;
}

} // namespace

fs::path default_cache_folder() {
  if (const fs::path ours = variable("VOXTRAL_TTS_CACHE"); !ours.empty()) {
    return ours;
  }
  if (const fs::path xdg = variable("XDG_CACHE_HOME"); xdg.is_absolute()) {
    return xdg / kName;
  }
  const fs::path home = variable("HOME");
  return home.is_absolute() ? home / kBelowHome / kName : fs::path();
}

void make_private_folder(const fs::path& folder) {
  refuse_nul(folder, ErrorClass::kOutput);
  fs::path made;
  for (const fs::path& part : folder) {
    made /= part;
    // Not EEXIST alone: a folder that is there may lie on a read-only disk.
    if (::mkdir(made.c_str(), 0700) != 0) {
      const int reason = errno;
      std::error_code ignored;
      if (!fs::is_directory(made, ignored)) {
        throw_errno(
            ErrorClass::kOutput,
            "cannot make the folder " + in_quotes(made.native()),
            reason == EEXIST ? ENOTDIR : reason);
      }
    }
  }
}

void remove_oldest(
    const fs::path& folder,
    std::string_view prefix,
    const fs::path& keep,
    const CacheLimits& limits) noexcept {
  try {
    const auto abandoned = fs::file_time_type::clock::now() - kAbandonedAfter;
    std::error_code ignored;
    std::vector<CacheFile> files = cache_files(folder, prefix);
    std::ranges::sort(files, std::ranges::greater(), &CacheFile::used);
    uint64_t count = 0;
    uint64_t bytes = 0;
    const auto kept = std::ranges::find(files, keep, &CacheFile::path);
    if (kept != files.end()) {
      count = 1;
      bytes = kept->bytes;
    }
    for (const CacheFile& file : files) {
      if (file.path == keep) {
        continue;
      }
      if (file.path.extension() == ".part") {
        if (file.used < abandoned) {
          fs::remove(file.path, ignored);
        }
        continue;
      }
      ++count;
      bytes += file.bytes;
      if (count > limits.files || bytes > limits.bytes) {
        fs::remove(file.path, ignored);
      }
    }
  } catch (...) {
    // Out of memory: the next one who writes a file cleans up.
  }
}

} // namespace voxtral_tts::support
