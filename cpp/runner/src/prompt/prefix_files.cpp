#include "prompt/prefix_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "support/cache_folder.h"
#include "support/checked.h"
#include "support/files.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/log.h"

namespace voxtral_tts::prompt {
namespace {

using support::Bytes;
using support::Hash128;

constexpr std::string_view kMagic = "VXPREFIX";
constexpr uint32_t kVersion = 1;
constexpr std::string_view kNamePrefix = "voice-";
constexpr support::CacheLimits kLimits{64, uint64_t{4} << 30};

[[noreturn]] void ignore(const std::string& why) {
  throw Error(ErrorClass::kInternal, why);
}

Bytes as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

void append(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>(value >> (8 * i)));
  }
}

// Neither a link, which could lead anywhere, nor a FIFO, which would block.
support::FileDescriptor open_existing(const std::filesystem::path& file) {
  return support::open_file(
      file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, ErrorClass::kInternal);
}

void check_file(int fd, uint64_t bytes) {
  struct stat status{};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    ignore("not a regular file");
  }
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    ignore("another user's file");
  }
  if (std::cmp_not_equal(status.st_size, bytes)) {
    ignore(
        std::to_string(status.st_size) + " bytes instead of " +
        std::to_string(bytes));
  }
}

// Removes a file under its temporary name unless it got its final one. The name
// is random: containers that share a folder share process ids as well.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target) {
    constexpr std::string_view kSuffix = ".part";
    std::string name = target.string() + ".XXXXXX" + std::string(kSuffix);
    const int fd = ::mkostemps( // for the user alone, and new
        name.data(),
        static_cast<int>(kSuffix.size()),
        O_CLOEXEC);
    if (fd < 0) {
      support::throw_errno(
          ErrorClass::kOutput, "cannot make a temporary file", errno);
    }
    file_ = support::FileDescriptor(fd);
    path_ = name;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) {
      ::unlink(path_.c_str());
    }
  }

  void write(Bytes bytes) {
    support::write_all(file_.get(), bytes, path_.string());
  }
  void commit(const std::filesystem::path& target) {
    if (const int reason = file_.close(); reason != 0) {
      support::throw_errno(ErrorClass::kOutput, "cannot close it", reason);
    }
    if (::rename(path_.c_str(), target.c_str()) != 0) {
      support::throw_errno(ErrorClass::kOutput, "cannot rename it", errno);
    }
    path_.clear();
  }

 private:
  std::filesystem::path path_;
  support::FileDescriptor file_;
};

} // namespace

PrefixFiles::PrefixFiles(
    std::filesystem::path folder,
    const Hash128& model,
    std::span<const model::KvBuffer> buffers)
    : folder_(std::move(folder)), model_(model) {
  for (const model::KvBuffer& buffer : buffers) {
    buffers_.push_back({buffer.name + " " + buffer.format, buffer.row_bytes});
  }
}

Hash128 PrefixFiles::key(const Hash128& voice, size_t rows) const {
  std::string layout = std::to_string(rows) + "\n";
  for (const Layout& buffer : buffers_) {
    layout += buffer.text + "\n";
  }
  const Bytes parts[] = {model_, voice, as_bytes(layout)};
  return support::hash_of(parts);
}

std::filesystem::path PrefixFiles::path(
    const Hash128& voice, size_t rows) const {
  return folder_ /
         (std::string(kNamePrefix) + support::to_hex(key(voice, rows)) + ".kv");
}

uint64_t PrefixFiles::payload_bytes(size_t rows) const {
  uint64_t row_bytes = 0;
  for (const Layout& buffer : buffers_) {
    row_bytes = support::saturating_add(row_bytes, buffer.row_bytes);
  }
  return support::saturating_mul(row_bytes, rows);
}

std::string PrefixFiles::header(const Hash128& voice, size_t rows) const {
  const Hash128 id = key(voice, rows);
  std::string bytes(kMagic);
  append(bytes, kVersion, 4);
  bytes += support::as_text(id);
  append(bytes, rows, 8);
  append(bytes, buffers_.size(), 4);
  for (const Layout& buffer : buffers_) {
    append(bytes, buffer.row_bytes, 8);
    append(bytes, buffer.text.size(), 4);
    bytes += buffer.text;
  }
  append(bytes, payload_bytes(rows), 8);
  return bytes;
}

// Everything but the payload is known beforehand, so nothing that the file says
// about itself is ever used: it is compared.
void PrefixFiles::read_checked(
    const std::filesystem::path& path,
    const Hash128& voice,
    size_t rows,
    std::span<const std::span<std::byte>> payload) const {
  const support::FileDescriptor file = open_existing(path);
  const std::string expected = header(voice, rows);
  std::string found(expected.size(), '\0');
  Hash128 checksum;
  check_file(
      file.get(),
      support::saturating_add(
          expected.size() + checksum.size(), payload_bytes(rows)));
  const auto fill = [&](std::span<std::byte> part) {
    support::read_all(file.get(), part, path, ErrorClass::kInternal);
  };
  fill(std::as_writable_bytes(std::span(found)));
  fill(checksum);
  if (found != expected) {
    ignore("it is of another version, or belongs to another voice or model");
  }
  std::ranges::for_each(payload, fill);
  const std::vector<Bytes> filled(payload.begin(), payload.end());
  if (support::hash_of(filled) != checksum) {
    ignore("its checksum is wrong");
  }
  ::futimens(file.get(), nullptr); // used now: removed last
}

bool PrefixFiles::read(
    const Hash128& voice,
    size_t rows,
    std::span<const std::span<std::byte>> payload) const noexcept {
  try {
    const std::filesystem::path file = path(voice, rows);
    try {
      read_checked(file, voice, rows, payload);
      return true;
    } catch (const std::exception& error) {
      log_debug("voice cache: not used: %s: %s", file.c_str(), error.what());
    }
  } catch (...) {
    log_debug("voice cache: out of memory");
  }
  return false;
}

void PrefixFiles::write(
    const Hash128& voice,
    size_t rows,
    std::span<const Bytes> payload) const noexcept {
  try {
    const std::filesystem::path target = path(voice, rows);
    try {
      support::make_private_folder(folder_);
      const Hash128 checksum = support::hash_of(payload);
      TemporaryFile file(target);
      file.write(as_bytes(header(voice, rows)));
      file.write(checksum);
      for (const Bytes part : payload) {
        file.write(part);
      }
      file.commit(target);
      log_debug("voice cache: wrote %s", target.c_str());
      support::remove_oldest(folder_, kNamePrefix, target, kLimits);
    } catch (const std::exception& error) {
      log_info("voice cache: not kept: %s: %s", target.c_str(), error.what());
    }
  } catch (...) {
    log_debug("voice cache: out of memory");
  }
}

void PrefixFiles::remove(const Hash128& voice, size_t rows) const noexcept {
  try {
    ::unlink(path(voice, rows).c_str());
  } catch (...) {
    log_debug("voice cache: out of memory");
  }
}

} // namespace voxtral_tts::prompt
