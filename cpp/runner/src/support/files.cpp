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

// Bytes of the well-formed UTF-8 character that `text` begins with, 0 if it
// begins with none (Unicode, table 3-7). `text` is not empty.
size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) {
    return 1;
  }
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) {
    return 0;
  }
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
      return 0;
    }
  }
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  const auto second = static_cast<unsigned char>(text[1]);
  const bool out_of_range =
      (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
      (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
  return out_of_range ? 0 : length;
}

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
  std::string result = "'";
  size_t position = 0;
  while (position < text.size() && position < kMaxQuotedBytes) {
    const size_t length = utf8_length(text.substr(position));
    const auto byte = static_cast<unsigned char>(text[position]);
    if (length == 0 || byte < 0x20 || byte == 0x7F) {
      result += '?';
    } else {
      result += text.substr(position, length);
    }
    position += length == 0 ? 1 : length;
  }
  return result + (position < text.size() ? "...'" : "'");
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

void read_all(
    int fd,
    std::span<std::byte> bytes,
    const std::filesystem::path& path,
    ErrorClass error_class) {
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count =
        ::read(fd, bytes.data() + filled, bytes.size() - filled);
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
  read_all(file.get(), content, path, error_class);
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

int sync_file(int fd) noexcept {
  if (::fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP) {
    return 0;
  }
  return errno;
}

} // namespace voxtral_tts::support
