#include "cli/synthesize_command.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/read_text.h"
#include "cli/replace_file.h"
#include "cli/report.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/runner.h"
#include "voxtral_tts/voice.h"

namespace voxtral_tts::cli {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start)
      .count();
}

int64_t microseconds(Clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             time.time_since_epoch())
      .count();
}

// The spans of what the library leaves to the program; none unless --trace.
class ProgramSpans {
 public:
  explicit ProgramSpans(bool records) : records_(records) {
  }
  void add(const char* name, Clock::time_point start, int64_t index) {
    if (records_) {
      const int64_t start_us = microseconds(start);
      const int64_t end_us = microseconds(Clock::now());
      spans_.push_back({name, start_us, end_us - start_us, index});
    }
  }
  std::vector<TraceSpan> with(const std::vector<TraceSpan>& others) const {
    std::vector<TraceSpan> all = spans_;
    all.insert(all.end(), others.begin(), others.end());
    return all;
  }

 private:
  bool records_;
  std::vector<TraceSpan> spans_;
};

Runner load(const CliOptions& options) {
  Runner runner(options.model, options.codec, options.load);
  if (!options.quiet) {
    print_line(
        "loaded " + options.model.string() + " and " + options.codec.string() +
        " in " +
        std::to_string(static_cast<long>(runner.load_stats().load_ms)) + " ms");
  }
  return runner;
}

// Pulls the stream to its end into the sink; returns the codes of all frames.
std::vector<int64_t> write_audio(
    SpeechStream& stream,
    AudioSink& sink,
    Progress& progress,
    ProgramSpans& spans) {
  std::vector<int64_t> codes;
  int64_t samples = 0;
  try {
    for (bool is_over = false; !is_over;) {
      const AudioChunk chunk = stream.next().value();
      if (!chunk.samples.empty()) {
        const Clock::time_point start = Clock::now();
        sink.write(chunk.samples);
        spans.add("sink", start, chunk.first_frame);
      }
      samples += static_cast<int64_t>(chunk.samples.size());
      codes.insert(codes.end(), chunk.codes.begin(), chunk.codes.end());
      progress.update(chunk.first_frame + chunk.frames, samples);
      is_over = chunk.is_final;
    }
    if (samples > 0) {
      const Clock::time_point start = Clock::now();
      sink.finish();
      spans.add("sink_end", start, 0);
    } else {
      sink.abandon(false);
    }
  } catch (...) {
    sink.abandon(true);
    throw;
  }
  stream.next(); // nothing more comes, but a new voice's rows are kept
  return codes;
}

// A file to be filled after the work, opened before it: a path that cannot be
// written is said early. Null when no path was given.
std::unique_ptr<ReplaceFile> reserve(const std::filesystem::path& path) {
  return path.empty() ? nullptr : std::make_unique<ReplaceFile>(path);
}

// What the end of the utterance means for the caller.
int conclude(
    const CliOptions& options, const SynthesisStats& stats, int signal_number) {
  if (signal_number != 0) {
    print_line(
        std::string("error: Interrupted: ") +
        (signal_number == SIGTERM ? "SIGTERM" : "SIGINT") + " after " +
        std::to_string(stats.codec_frames) + " frames" +
        (stats.codec_frames > 0 ? ", which were kept" : ""));
    return kExitSignalBase + signal_number;
  }
  if (stats.codec_frames == 0) {
    throw Error(
        ErrorClass::kText,
        "the model ended before the first frame: there is nothing to say in "
        "this text");
  }
  if (!options.quiet) {
    print_line(summary(stats));
  }
  if (stats.finish_reason == FinishReason::kFrameBudget) {
    print_line(
        "warning: the audio is incomplete: cut after " +
        std::to_string(stats.codec_frames) +
        " frames, the most that the default budget or the model's rows allow; "
        "split the text, raise --max-frames, or export with a larger "
        "--max-seq-len");
    return kExitTruncated;
  }
  return kExitOk;
}

} // namespace

int run_synthesize(const CliOptions& options, Clock::time_point start) {
  const std::string text = read_text(options);
  ProgramSpans spans(options.synthesis.record_trace);
  const Clock::time_point load_start = Clock::now();
  Runner runner = load(options);
  spans.add("load", load_start, 0);
  SpeechStream stream = runner.stream(text, options.synthesis);
  const InterruptWatch watch(stream);
  const auto stats_file = reserve(options.stats_json);
  const auto codes_file = reserve(options.trace_json);
  const auto trace_file = reserve(options.trace);
  const int rate = runner.sample_rate_hz();
  const std::unique_ptr<AudioSink> sink = open_output(options, rate);
  std::vector<int64_t> codes;
  {
    Progress progress(!options.quiet, rate);
    codes = write_audio(stream, *sink, progress, spans);
  }
  const int code = conclude(options, stream.stats(), watch.signal_number());
  // The audio is on the disk; who interrupts does not wait for reports to be.
  const bool sync = watch.signal_number() == 0;
  if (stats_file) {
    const std::string& voice = options.synthesis.voice;
    stats_file->write(to_json(
        RunReport{
            .stats = stream.stats(),
            .load_ms = runner.load_stats().load_ms,
            .process_wall_ms = milliseconds_since(start),
            .voice = voice.empty() ? runner.default_voice() : voice,
            .seed = options.synthesis.seed,
            .output = options.output.string(),
            .text_bytes = static_cast<int64_t>(text.size())}));
    stats_file->commit(sync);
  }
  if (codes_file) {
    codes_file->write(trace_json(codes, runner.n_codebooks()));
    codes_file->commit(sync);
  }
  if (trace_file) {
    trace_file->write(
        spans_json(spans.with(stream.trace()), microseconds(start)));
    trace_file->commit(sync);
  }
  if (watch.signal_number() != 0) {
    // Everything is written. Who interrupts does not wait for the programs to
    // be freed, nor for the voice's rows to be kept.
    std::fflush(nullptr);
    std::_Exit(code);
  }
  return code;
}

int run_list_voices(const CliOptions& options) {
  const std::filesystem::path folder =
      options.load.voices.empty()
          ? default_voices_folder(options.model, options.load.tokenizer)
          : options.load.voices;
  if (options.load.voices.empty() && options.load.tokenizer.empty() &&
      !std::filesystem::exists(folder) &&
      !std::filesystem::exists(options.model)) {
    throw Error(
        ErrorClass::kModelLoad,
        "'" + options.model.string() +
            "': there is no such file; --model names the model of the voices");
  }
  std::string names;
  for (const std::string& name : list_voices(folder)) {
    names += name + "\n";
  }
  print_result(names);
  return kExitOk;
}

} // namespace voxtral_tts::cli
