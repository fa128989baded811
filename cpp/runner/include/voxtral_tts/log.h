// Log messages of the library. Silent until a sink is set; the library itself
// never prints.
#pragma once

#include <functional>
#include <string_view>

#include "voxtral_tts/export.h"

namespace voxtral_tts {

enum class LogLevel { kOff, kError, kWarning, kInfo, kDebug };

// Receives one message without a trailing newline; the view is valid during
// the call only. Called on the thread that logs, by several at once when
// several log. An exception that leaves it is swallowed.
using LogSink = std::function<void(LogLevel, std::string_view)>;

// Sends messages up to and including `level` to `sink`, for the whole process.
// An empty sink or LogLevel::kOff silences the library. Thread-safe; a message
// that is on its way may still reach the previous sink.
VOXTRAL_TTS_API void set_log_sink(LogSink sink, LogLevel level);

// The library's own side: printf-style, checked by the compiler, thread-safe,
// never throws.
VOXTRAL_TTS_API void log_error(const char* format, ...) noexcept
    __attribute__((format(printf, 1, 2)));
VOXTRAL_TTS_API void log_warning(const char* format, ...) noexcept
    __attribute__((format(printf, 1, 2)));
VOXTRAL_TTS_API void log_info(const char* format, ...) noexcept
    __attribute__((format(printf, 1, 2)));
VOXTRAL_TTS_API void log_debug(const char* format, ...) noexcept
    __attribute__((format(printf, 1, 2)));

} // namespace voxtral_tts
