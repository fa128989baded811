// The command line as data: what the flags mean, and nothing done yet.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "voxtral_tts/options.h"

namespace voxtral_tts::cli {

enum class Action { kSynthesize, kListVoices, kHelp, kVersion };

enum class AudioFormat { kWav, kS16le, kF32le };

constexpr const char* kStandardStream = "-"; // stdin of text, stdout of audio

struct CliOptions {
  Action action = Action::kSynthesize;
  std::filesystem::path model;
  std::filesystem::path codec;
  LoadOptions load;
  SynthesisOptions synthesis;
  std::optional<std::string> text; // kStandardStream: stdin
  std::filesystem::path text_file = kStandardStream;
  std::filesystem::path output = "output.wav"; // kStandardStream: stdout
  AudioFormat format = AudioFormat::kWav;
  std::filesystem::path stats_json; // empty: none
  std::filesystem::path trace_json; // of the codes; empty: none
  std::filesystem::path trace;      // of the spans; empty: none
  bool quiet = false;
  bool verbose = false;
  std::vector<std::string> notes; // about flags that were accepted and ignored
};

// One flag, as the parser and the help know it. A row with a `section` only is
// a heading of the help.
struct Flag {
  std::string names = {}; // "-o,--output"; hyphens, '_' is accepted as well
  std::string value = {}; // placeholder of its value; empty for a switch
  std::string help = {};  // one or more lines, the default included
  std::function<void(const std::string&)> set = {}; // throws Error{kUsage}
  std::string section = {};
};

// All flags in the order of the help. Their setters write to `options`, which
// must outlive them; the defaults in the help are those of `options`.
std::vector<Flag> flags(CliOptions& options);

// Reads argv[1] onwards. Throws Error{kUsage} that names the flag and the
// value. --help and --version win over missing flags.
CliOptions parse_arguments(int argc, const char* const* argv);

std::string help_text();
std::string version_text();

} // namespace voxtral_tts::cli
