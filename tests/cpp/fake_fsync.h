// fsync(2) as a test wants it, in place of the system's.
#pragma once

namespace voxtral_tts {

// While it lives, fsync fails with `error` in the whole program.
class FailingFsync {
 public:
  explicit FailingFsync(int error);
  FailingFsync(const FailingFsync&) = delete;
  FailingFsync& operator=(const FailingFsync&) = delete;
  ~FailingFsync();
};

} // namespace voxtral_tts
