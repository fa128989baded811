#include "cli/replace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "src/support/flush_to_drive.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::cli {
namespace {

constexpr mode_t kFileMode = 0666; // before the umask

[[noreturn]] void throw_failed(
    const std::string& what,
    const std::filesystem::path& path,
    int reason,
    const std::string& remedy = "") {
  throw Error(
      reason == EPIPE ? ErrorClass::kReaderGone : ErrorClass::kOutput,
      "cannot " + what + " '" + path.string() +
          "': " + std::generic_category().message(reason) + remedy,
      reason);
}

} // namespace

ReplaceFile::ReplaceFile(const std::filesystem::path& path) : path_(path) {
  struct stat status{};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  // What is neither there nor simply new, such as a link to itself.
  if (!exists && errno != ENOENT) {
    throw_failed("open", path, errno);
  }
  if (exists && !S_ISREG(status.st_mode)) {
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    // A link keeps pointing to the file, which is replaced where it stands.
    std::error_code unresolved;
    const auto target = std::filesystem::canonical(path, unresolved);
    path_ = unresolved ? path : target;
    if (exists && ::access(path_.c_str(), W_OK) != 0) {
      throw_failed("overwrite", path, errno);
    }
    create_temporary(path);
  }
  if (descriptor_ < 0) {
    throw_failed("open", path, errno);
  }
  if (exists && !temporary_.empty() &&
      ::fchmod(descriptor_, status.st_mode & 07777) != 0) {
    const int reason = errno;
    close_and_remove(); // no destructor runs for what was not constructed
    throw_failed("prepare", path, reason);
  }
}

void ReplaceFile::create_temporary(const std::filesystem::path& path) {
  // A killed process of the same number may have left its own: in containers
  // numbers are few.
  for (int attempt = 0; descriptor_ < 0; ++attempt) {
    std::filesystem::path name = path_;
    name += ".part" + std::to_string(::getpid()) +
            (attempt == 0 ? "" : "-" + std::to_string(attempt));
    descriptor_ = ::open(
        name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
    if (descriptor_ >= 0) {
      temporary_ = std::move(name);
    } else if (errno != EEXIST) {
      throw_failed("open", path, errno);
    }
  }
}

ReplaceFile::~ReplaceFile() {
  close_and_remove();
}

void ReplaceFile::close_and_remove() noexcept {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
  }
}

void ReplaceFile::write(const std::string& text) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count =
        ::write(descriptor_, text.data() + written, text.size() - written);
    if (count >= 0) {
      written += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      throw_failed("write", path_, errno);
    }
  }
}

void ReplaceFile::commit(bool sync) {
  int error =
      sync && !temporary_.empty() ? support::flush_to_drive(descriptor_) : 0;
  if (::close(std::exchange(descriptor_, -1)) != 0 && error == 0) {
    error = errno;
  }
  if (error == 0 && !temporary_.empty() &&
      ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    error = errno;
  }
  // Whatever the last step says, what was made is not thrown away.
  const std::filesystem::path left = std::exchange(temporary_, {});
  if (error != 0) {
    throw_failed(
        "complete",
        path_,
        error,
        left.empty() ? "" : "; what was made is in '" + left.string() + "'");
  }
}

} // namespace voxtral_tts::cli
