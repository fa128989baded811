#include "support/cache_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "support/cache_folder.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::support {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorClass::kInternal, why);
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
      throw_errno(ErrorClass::kOutput, "cannot make a temporary file", errno);
    }
    file_ = FileDescriptor(fd);
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
    write_all(file_.get(), bytes, path_.string());
  }
  void commit(const std::filesystem::path& target) {
    if (const int reason = file_.close(); reason != 0) {
      throw_errno(ErrorClass::kOutput, "cannot close it", reason);
    }
    if (::rename(path_.c_str(), target.c_str()) != 0) {
      throw_errno(ErrorClass::kOutput, "cannot rename it", errno);
    }
    path_.clear();
  }

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
};

} // namespace

FileDescriptor open_cache_file(
    const std::filesystem::path& file, uint64_t bytes) {
  // Neither a link, which could lead anywhere, nor a FIFO, which would block.
  FileDescriptor opened = open_file(
      file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, ErrorClass::kInternal);
  struct stat status{};
  if (::fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    refuse("not a regular file");
  }
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    refuse("another user's file");
  }
  if (std::cmp_not_equal(status.st_size, bytes)) {
    refuse(
        std::to_string(status.st_size) + " bytes instead of " +
        std::to_string(bytes));
  }
  return opened;
}

void write_cache_file(
    const std::filesystem::path& file, std::span<const Bytes> parts) {
  make_private_folder(file.parent_path());
  TemporaryFile temporary(file);
  for (const Bytes part : parts) {
    temporary.write(part);
  }
  temporary.commit(file);
}

} // namespace voxtral_tts::support
