// What the program says: everything but audio, help and lists goes to stderr.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/cli_options.h"
#include "voxtral_tts/stats.h"
#include "voxtral_tts/trace.h"

namespace voxtral_tts::cli {

// `text` on one line of stderr; control characters become '?'.
void print_line(const std::string& text);

// Writes `text` to stdout. Throws Error{kOutput}, or Error{kReaderGone}.
void print_result(const std::string& text);

// "audio 4.00 s, wall 2.12 s, RTF 0.53 ...": the last line of a synthesis.
std::string summary(const SynthesisStats& stats);

// Sends the library's messages to stderr: warnings, or with `verbose` all.
void show_library_messages(bool verbose);

// The number of frames so far, on a line that is written over and over; only
// on a terminal and when `enabled`. Ends by clearing its line.
class Progress {
 public:
  Progress(bool enabled, int sample_rate_hz);
  ~Progress();

  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(int64_t frames, int64_t samples);

 private:
  bool enabled_;
  double sample_rate_hz_;
};

// What --stats-json writes: all of SynthesisStats and what the program adds.
struct RunReport {
  SynthesisStats stats;
  double load_ms = 0;
  double process_wall_ms = 0; // start of main() to the writing of the report
  std::string voice;
  uint64_t seed = 0;
  std::string output;
  int64_t text_bytes = 0;
};

// One JSON object with a final newline.
std::string to_json(const RunReport& report);

// What --trace-json writes: {"codes": [[37 codes], ...]}, one list per frame.
std::string trace_json(const std::vector<int64_t>& codes, int n_codebooks);

// What --trace writes: the format of Chrome's trace viewer, which Perfetto
// reads; one process, one thread. `spans` are sorted by their start; times
// count from `start_us` of the same clock.
std::string spans_json(std::vector<TraceSpan> spans, int64_t start_us);

} // namespace voxtral_tts::cli
