#include "without_gil.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "bindings.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::bindings {
namespace {

namespace py = pybind11;

std::atomic<int> running_calls = 0;
std::atomic<bool> is_ending = false;
std::thread::id ending_thread; // once is_ending

// Python lets other threads run for a while after it has begun to end. What
// they do below C++ frames, such as making an exception, may give up the GIL,
// and asking for it again then ends the thread inside these frames and the
// process with it. So such a thread stays here, without the GIL, until the
// process is over. Those of Python 3.14 do the same.
void stay_unless_ending_python() {
  if (is_ending && std::this_thread::get_id() != ending_thread) {
    PyEval_SaveThread();
    while (true) {
      std::this_thread::sleep_for(std::chrono::hours(1));
    }
  }
}

// Runs before other threads lose the right to the GIL for good.
void end_calls() {
  ending_thread = std::this_thread::get_id();
  is_ending = true;
  const py::gil_scoped_release nogil;
  for (int calls = running_calls; calls > 0; calls = running_calls) {
    running_calls.wait(calls);
  }
}

} // namespace

CountedCall::CountedCall() {
  stay_unless_ending_python();
  check_python_goes_on();
  ++running_calls;
}

CountedCall::~CountedCall() {
  --running_calls;
  running_calls.notify_all();
  stay_unless_ending_python();
}

bool python_is_ending() noexcept {
  return is_ending;
}

void check_python_goes_on() {
  if (is_ending) {
    throw Error(ErrorClass::kInterrupted, "Python is ending");
  }
}

void bind_exit(py::module_& /*module*/) {
  py::module_::import("atexit").attr("register")(py::cpp_function(end_calls));
  // Calls of the parent's other threads do not end in the child.
  py::module_::import("os").attr("register_at_fork")(
      py::arg("after_in_child") = py::cpp_function([] {
        running_calls = 0;
        forget_log();
      }));
}

} // namespace voxtral_tts::bindings
