#include "support/files.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace voxtral_tts::support {
namespace {

constexpr size_t kMaxQuotedBytes = 200;

void wait_until_writable(int fd) {
  pollfd waiting{.fd = fd, .events = POLLOUT, .revents = 0};
  // Whatever poll reports, the next write tells what is wrong.
  ::poll(&waiting, 1, -1);
}

// `write_some` has the contract of write(2).
template <typename WriteSome>
void write_fully(
    int fd,
    std::span<const std::byte> bytes,
    const std::string& name,
    WriteSome write_some) {
  while (!bytes.empty()) {
    const ssize_t written = write_some(bytes);
    if (written > 0) {
      bytes = bytes.subspan(static_cast<size_t>(written));
      continue;
    }
    const int error = written < 0 ? errno : EIO;
    if (error == EINTR) {
      continue;
    }
    if (error == EAGAIN || error == EWOULDBLOCK) {
      wait_until_writable(fd);
      continue;
    }
    if (error == EPIPE) {
      throw_errno(
          ErrorClass::kReaderGone, "the reader of " + name + " is gone", error);
    }
    throw_errno(ErrorClass::kOutput, "cannot write to " + name, error);
  }
}

} // namespace

int FileDescriptor::close() noexcept {
  const int fd = std::exchange(fd_, -1);
  if (fd < 0 || ::close(fd) == 0 || errno == EINTR) {
    return 0; // on Linux EINTR has closed it; a retry could hit another file
  }
  return errno;
}

std::string in_quotes(std::string_view text) {
  const bool cut = text.size() > kMaxQuotedBytes;
  std::string result = "'";
  for (const char c : text.substr(0, kMaxQuotedBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    result += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  return result + (cut ? "...'" : "'");
}

void throw_errno(
    ErrorClass error_class, const std::string& what, int system_errno) {
  throw Error(
      error_class,
      what + ": " + std::generic_category().message(system_errno),
      system_errno);
}

void refuse_nul(const std::filesystem::path& path, ErrorClass error_class) {
  if (path.native().find('\0') != std::string::npos) {
    throw Error(
        error_class,
        "the path " + in_quotes(path.native()) + " has a NUL byte");
  }
}

FileDescriptor open_file(
    const std::filesystem::path& path,
    int flags,
    mode_t mode,
    ErrorClass error_class) {
  refuse_nul(path, error_class);
  for (;;) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0) {
      return FileDescriptor(fd);
    }
    if (errno != EINTR) {
      throw_errno(
          error_class, "cannot open " + in_quotes(path.native()), errno);
    }
  }
}

std::vector<std::byte> read_file(
    const std::filesystem::path& path,
    uint64_t max_bytes,
    ErrorClass error_class) {
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  const FileDescriptor file =
      open_file(path, O_RDONLY | O_NONBLOCK, 0, error_class);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) {
    throw_errno(
        error_class, "cannot examine " + in_quotes(path.native()), errno);
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(
        error_class, in_quotes(path.native()) + " is not a regular file");
  }
  const auto size = static_cast<uint64_t>(status.st_size);
  if (size > max_bytes) {
    throw Error(
        error_class,
        in_quotes(path.native()) + " has " + std::to_string(size) +
            " bytes; at most " + std::to_string(max_bytes) + " are accepted");
  }
  std::vector<std::byte> content(static_cast<size_t>(size));
  size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t count =
        ::read(file.get(), content.data() + filled, content.size() - filled);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      throw_errno(
          error_class, "cannot read " + in_quotes(path.native()), errno);
    }
    if (count == 0) {
      throw Error(
          error_class, in_quotes(path.native()) + " shrank while it was read");
    }
    filled += static_cast<size_t>(count);
  }
  return content;
}

void write_all(
    int fd, std::span<const std::byte> bytes, const std::string& name) {
  write_fully(fd, bytes, name, [fd](std::span<const std::byte> rest) {
    return ::write(fd, rest.data(), rest.size());
  });
}

void write_all_at(
    int fd,
    std::span<const std::byte> bytes,
    uint64_t offset,
    const std::string& name) {
  write_fully(fd, bytes, name, [fd, &offset](std::span<const std::byte> rest) {
    const ssize_t written =
        ::pwrite(fd, rest.data(), rest.size(), static_cast<off_t>(offset));
    offset += written > 0 ? static_cast<uint64_t>(written) : 0;
    return written;
  });
}

} // namespace voxtral_tts::support
