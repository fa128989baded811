#include "python_log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "bindings.h"
#include "voxtral_tts/log.h"
#include "without_gil.h"

namespace voxtral_tts::bindings {
namespace {

namespace py = pybind11;

// Beyond it messages are counted and dropped: a call may last long.
constexpr size_t kMaxWaiting = 1000;

struct Message {
  LogLevel level;
  std::string text;
};

struct Queue {
  std::mutex mutex;
  std::deque<Message> waiting;
  size_t dropped = 0;
  std::atomic<bool> has_any = false;
};

// Neither is ever destroyed: a thread may log while the process exits.
std::atomic<Queue*> queue = new Queue;
PyObject* receiver = nullptr; // with the GIL

// The numbers of Python's logging module.
constexpr std::array<std::pair<LogLevel, int>, 4> kLevels{{
    {LogLevel::kError, 40},
    {LogLevel::kWarning, 30},
    {LogLevel::kInfo, 20},
    {LogLevel::kDebug, 10},
}};

int python_level(LogLevel level) {
  for (const auto& [ours, theirs] : kLevels) {
    if (ours == level) {
      return theirs;
    }
  }
  return 0;
}

// The most that a logger of that level takes.
LogLevel library_level(int python_level) {
  LogLevel level = LogLevel::kOff;
  for (const auto& [ours, theirs] : kLevels) {
    if (theirs >= python_level) {
      level = ours;
    }
  }
  return level;
}

void push(LogLevel level, std::string_view text) {
  Queue& target = *queue.load();
  const std::lock_guard lock(target.mutex);
  if (target.waiting.size() < kMaxWaiting) {
    target.waiting.push_back({level, std::string(text)});
  } else {
    ++target.dropped;
  }
  target.has_any = true;
}

std::deque<Message> take() {
  Queue& source = *queue.load();
  const std::lock_guard lock(source.mutex);
  std::deque<Message> messages = std::exchange(source.waiting, {});
  if (const size_t dropped = std::exchange(source.dropped, 0); dropped > 0) {
    messages.push_back(
        {LogLevel::kWarning, std::to_string(dropped) + " messages dropped"});
  }
  source.has_any = false;
  return messages;
}

void hand_over(const Message& message) {
  // Names of files in messages need not be UTF-8.
  const auto text = py::reinterpret_steal<py::object>(PyUnicode_DecodeUTF8(
      message.text.data(),
      static_cast<Py_ssize_t>(message.text.size()),
      "replace"));
  if (!text) {
    throw py::error_already_set();
  }
  const py::handle function = receiver;
  function(python_level(message.level), text);
}

void set_log(const py::object& function) {
  Py_XDECREF(std::exchange(receiver, function.inc_ref().ptr()));
}

void set_log_level(int level) {
  set_log_sink(push, library_level(level));
}

} // namespace

void deliver_log() noexcept {
  if (!queue.load()->has_any || receiver == nullptr) {
    return;
  }
  try {
    const py::error_scope pending; // of the call that is coming back
    for (const Message& message : take()) {
      try {
        hand_over(message);
      } catch (py::error_already_set& error) {
        if (error.matches(PyExc_KeyboardInterrupt)) {
          PyErr_SetInterrupt();
        } else {
          error.discard_as_unraisable("voxtral_tts log");
        }
      }
    }
  } catch (...) {
    // No memory: what could not be said is lost, the call goes on.
  }
}

void forget_log() noexcept {
  queue = new Queue; // the old one stays as it is
}

void bind_log(py::module_& module) {
  module.def("_set_log", &set_log, py::arg("function"));
  module.def("_set_log_level", &set_log_level, py::arg("level"));
}

} // namespace voxtral_tts::bindings
