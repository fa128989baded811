// Work without the GIL, which Python's end waits for: a thread that came back
// for the GIL after it would be ended inside C++ frames, and the process with
// it.
#pragma once

#include <pybind11/pybind11.h>

#include "python_log.h"

namespace voxtral_tts::bindings {

class CountedCall {
 public:
  // Both need the GIL. Once Python is ending they do not return to other
  // threads than the one that ends it, for which the constructor throws
  // Error{kInterrupted}.
  CountedCall();
  ~CountedCall();
  CountedCall(const CountedCall&) = delete;
  CountedCall& operator=(const CountedCall&) = delete;
};

class WithoutGil {
  // What the call logged is said as soon as the GIL is back.
  struct DeliversLog {
    DeliversLog() = default;
    DeliversLog(const DeliversLog&) = delete;
    DeliversLog& operator=(const DeliversLog&) = delete;
    ~DeliversLog() {
      deliver_log();
    }
  };

  CountedCall call_; // until the GIL is back
  DeliversLog log_;
  pybind11::gil_scoped_release nogil_;
};

// Whether calls have to end soon; may be asked without the GIL.
bool python_is_ending() noexcept;

// Throws Error{kInterrupted} once Python is ending.
void check_python_goes_on();

} // namespace voxtral_tts::bindings
