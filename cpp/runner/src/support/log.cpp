#include "voxtral_tts/log.h"

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace voxtral_tts {
namespace {

std::mutex sink_mutex;
// Never destroyed: a thread may still log while the process exits.
std::shared_ptr<const LogSink>& current_sink() {
  static auto* sink = new std::shared_ptr<const LogSink>();
  return *sink;
}
std::atomic<LogLevel> current_level{LogLevel::kOff};

std::string format_message(const char* format, va_list arguments) {
  va_list counting;
  va_copy(counting, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, counting);
  va_end(counting);
  if (length < 0) {
    return format;
  }
  // One more for the terminating zero that vsnprintf writes.
  std::string text(static_cast<size_t>(length) + 1, '\0');
  std::vsnprintf(text.data(), text.size(), format, arguments);
  text.pop_back();
  return text;
}

void log_message(
    LogLevel level, const char* format, va_list arguments) noexcept {
  if (level > current_level.load(std::memory_order_relaxed)) {
    return;
  }
  try {
    std::shared_ptr<const LogSink> sink;
    {
      const std::lock_guard lock(sink_mutex);
      sink = current_sink();
    }
    // Outside the lock: a sink may log itself, or wait for another thread.
    if (sink != nullptr) {
      (*sink)(level, format_message(format, arguments));
    }
  } catch (...) {
    // Logging must not turn into a failure of what it reports.
  }
}

} // namespace

void set_log_sink(LogSink sink, LogLevel level) {
  std::shared_ptr<const LogSink> next;
  if (sink && level != LogLevel::kOff) {
    next = std::make_shared<const LogSink>(std::move(sink));
  }
  const LogLevel next_level = next != nullptr ? level : LogLevel::kOff;
  {
    const std::lock_guard lock(sink_mutex);
    current_sink().swap(next);
    current_level.store(next_level, std::memory_order_relaxed);
  }
  // The previous sink is released here, outside the lock.
}

void log_error(const char* format, ...) noexcept {
  va_list arguments;
  va_start(arguments, format);
  log_message(LogLevel::kError, format, arguments);
  va_end(arguments);
}

void log_warning(const char* format, ...) noexcept {
  va_list arguments;
  va_start(arguments, format);
  log_message(LogLevel::kWarning, format, arguments);
  va_end(arguments);
}

void log_info(const char* format, ...) noexcept {
  va_list arguments;
  va_start(arguments, format);
  log_message(LogLevel::kInfo, format, arguments);
  va_end(arguments);
}

void log_debug(const char* format, ...) noexcept {
  va_list arguments;
  va_start(arguments, format);
  log_message(LogLevel::kDebug, format, arguments);
  va_end(arguments);
}

} // namespace voxtral_tts
