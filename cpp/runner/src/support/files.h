// Files and descriptors with every system call checked. All errors are Error;
// their message names the file and the system's reason.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "voxtral_tts/error.h"

namespace voxtral_tts::support {

// Owns a file descriptor; -1 means none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {
  }
  FileDescriptor(FileDescriptor&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)) {
  }
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() {
    close();
  }

  int get() const {
    return fd_;
  }
  // Returns 0, or the errno of a failed close. The descriptor is gone either
  // way.
  int close() noexcept;

 private:
  int fd_ = -1;
};

// `text` in single quotes for a one-line message that is valid UTF-8: control
// characters and malformed bytes become '?', the end beyond 200 bytes "...".
std::string in_quotes(std::string_view text);

// Throws Error: "<what>: <reason of system_errno>".
[[noreturn]] void throw_errno(
    ErrorClass error_class, const std::string& what, int system_errno);

// Throws Error{error_class} for a path that the system would read only up to a
// NUL byte, and so take for another one.
void refuse_nul(const std::filesystem::path& path, ErrorClass error_class);

// open(2) with O_CLOEXEC; throws Error{error_class}.
FileDescriptor open_file(
    const std::filesystem::path& path,
    int flags,
    mode_t mode,
    ErrorClass error_class);

// The whole content of a regular file of at most `max_bytes`; throws
// Error{error_class} for anything else, a directory or a FIFO included.
std::vector<std::byte> read_file(
    const std::filesystem::path& path,
    uint64_t max_bytes,
    ErrorClass error_class);

// Fills `bytes` from the descriptor's position on; `path` is what messages call
// it. Throws Error{error_class}, at the end of the file as well.
void read_all(
    int fd,
    std::span<std::byte> bytes,
    const std::filesystem::path& path,
    ErrorClass error_class);

// Writes all bytes: short writes are continued, EINTR is retried, EAGAIN waits
// until `fd` takes more. `name` is what messages call it. Throws
// Error{kReaderGone} for EPIPE (the process must ignore SIGPIPE to see it),
// Error{kOutput} otherwise.
void write_all(
    int fd, std::span<const std::byte> bytes, const std::string& name);

// The same at a fixed offset of a seekable file; its position stays.
void write_all_at(
    int fd,
    std::span<const std::byte> bytes,
    uint64_t offset,
    const std::string& name);

// fsync(2): returns 0 or errno. A file system that has none (EINVAL, ENOTSUP:
// some on networks and in user space) has done what it can.
int sync_file(int fd) noexcept;

} // namespace voxtral_tts::support
