// Makes written bytes outlive a loss of power.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace voxtral_tts::support {

// fsync(2) down to the drive: on macOS fsync alone leaves bytes in the drive's
// own cache. Returns 0 or errno. A file system that has no such call (EINVAL,
// ENOTSUP: some on networks and in user space) has done what it can.
inline int flush_to_drive(int fd) noexcept {
#if defined(F_FULLFSYNC)
  if (::fcntl(fd, F_FULLFSYNC) == 0) {
    return 0;
  }
  // Network and foreign file systems have no such call.
#endif
  return ::fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP ? 0 : errno;
}

} // namespace voxtral_tts::support
