#include "fake_fsync.h"

#include <cerrno>

namespace {

int failure = 0;

} // namespace

// The program's own symbol stands before the C library's. No test needs its
// files to outlive a loss of power.
extern "C" int fsync(int /*descriptor*/) {
  errno = failure;
  return failure == 0 ? 0 : -1;
}

namespace voxtral_tts {

FailingFsync::FailingFsync(int error) {
  failure = error;
}

FailingFsync::~FailingFsync() {
  failure = 0;
}

} // namespace voxtral_tts
