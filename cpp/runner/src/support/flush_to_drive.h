// Makes written bytes outlive a loss of power.
#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace voxtral_tts::support {

// fsync(2) with its results, down to the drive: on macOS fsync alone leaves
// bytes in the drive's own cache.
inline int flush_to_drive(int fd) noexcept {
#if defined(F_FULLFSYNC)
  if (::fcntl(fd, F_FULLFSYNC) == 0) {
    return 0;
  }
  // Network and foreign file systems have no such call.
#endif
  return ::fsync(fd);
}

} // namespace voxtral_tts::support
