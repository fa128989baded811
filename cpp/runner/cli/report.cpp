#include "cli/report.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>

#include "voxtral_tts/error.h"
#include "voxtral_tts/log.h"

namespace voxtral_tts::cli {

void print_line(const std::string& text) {
  std::string line = text;
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      c = '?';
    }
  }
  line += '\n';
  // One call per line: lines of several threads do not mix.
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void print_result(const std::string& text) {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
      std::fflush(stdout) == 0;
  if (!written) {
    const int reason = errno;
    throw Error(
        reason == EPIPE ? ErrorClass::kReaderGone : ErrorClass::kOutput,
        "cannot write to standard output: " +
            std::generic_category().message(reason),
        reason);
  }
}

std::string summary(const SynthesisStats& stats) {
  char line[320];
  std::snprintf(
      line,
      sizeof(line),
      "audio %.2f s, wall %.2f s, RTF %.2f (generation RTF %.2f), "
      "TTFA %.0f ms, frames %lld, peak %.2f, clipped %lld, finish %s",
      stats.audio_seconds,
      stats.wall_ms / 1000,
      stats.rtf,
      stats.generation_rtf,
      stats.first_audio_ms,
      static_cast<long long>(stats.codec_frames),
      static_cast<double>(stats.peak),
      static_cast<long long>(stats.clipped_samples),
      to_string(stats.finish_reason));
  std::string text = std::string(line) + ", backend " + stats.backend;
  if (stats.executes_per_frame && stats.host_syncs_per_frame) {
    std::snprintf(
        line,
        sizeof(line),
        " (%.2f executes and %.2f host syncs per frame)",
        *stats.executes_per_frame,
        *stats.host_syncs_per_frame);
    text += line;
  }
  return text;
}

void show_library_messages(bool verbose) {
  const auto print = [](LogLevel level, std::string_view message) {
    const char* name = level == LogLevel::kError     ? "library error"
                       : level == LogLevel::kWarning ? "warning"
                       : level == LogLevel::kInfo    ? "info"
                                                     : "debug";
    print_line(std::string(name) + ": " + std::string(message));
  };
  set_log_sink(print, verbose ? LogLevel::kDebug : LogLevel::kWarning);
}

Progress::Progress(bool enabled, int sample_rate_hz)
    : enabled_(enabled && ::isatty(STDERR_FILENO) != 0),
      sample_rate_hz_(sample_rate_hz) {
}

Progress::~Progress() {
  if (enabled_) {
    std::fputs("\r\033[K", stderr); // clears the line
  }
}

void Progress::update(int64_t frames, int64_t samples) {
  if (enabled_) {
    std::fprintf(
        stderr,
        "\r%lld frames, %.1f s of audio",
        static_cast<long long>(frames),
        static_cast<double>(samples) / sample_rate_hz_);
  }
}

std::string to_json(const RunReport& report) {
  auto object = nlohmann::ordered_json::parse(to_json(report.stats));
  object["load_ms"] = report.load_ms;
  object["process_wall_ms"] = report.process_wall_ms;
  object["voice"] = report.voice;
  object["seed"] = report.seed;
  object["output"] = report.output;
  object["text_bytes"] = report.text_bytes;
  // Names from the command line need not be UTF-8.
  const auto replace = nlohmann::ordered_json::error_handler_t::replace;
  return object.dump(2, ' ', false, replace) + "\n";
}

std::string trace_json(const std::vector<int64_t>& codes, int n_codebooks) {
  auto frames = nlohmann::json::array();
  for (auto frame = codes.begin(); frame != codes.end(); frame += n_codebooks) {
    frames.push_back(std::vector<int64_t>(frame, frame + n_codebooks));
  }
  return nlohmann::json{{"codes", frames}}.dump() + "\n";
}

std::string spans_json(std::vector<TraceSpan> spans, int64_t start_us) {
  using Json = nlohmann::ordered_json;
  std::ranges::stable_sort(spans, {}, &TraceSpan::start_us);
  const int pid = ::getpid();
  Json events = Json::array();
  events.push_back(
      {{"name", "process_name"},
       {"ph", "M"},
       {"pid", pid},
       {"tid", pid},
       {"args", {{"name", "voxtral_tts_runner"}}}});
  for (const TraceSpan& span : spans) {
    events.push_back(
        {{"name", span.name},
         {"cat", "voxtral_tts"},
         {"ph", "X"},
         {"ts", span.start_us - start_us},
         {"dur", span.duration_us},
         {"pid", pid},
         {"tid", pid},
         {"args", {{"index", span.index}}}});
  }
  return Json{{"displayTimeUnit", "ms"}, {"traceEvents", std::move(events)}}
             .dump() +
         "\n";
}

} // namespace voxtral_tts::cli
