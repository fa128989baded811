#include "cli/cli_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "voxtral_tts/error.h"

namespace voxtral_tts::cli {
namespace {

// The flags that are followed by a value, in every spelling.
std::set<std::string> value_flags(const std::vector<Flag>& table) {
  std::set<std::string> names;
  for (const Flag& flag : table) {
    if (!flag.value.empty()) {
      for (const std::string& name : CLI::detail::split(flag.names, ',')) {
        names.insert(name);
      }
    }
  }
  return names;
}

// Makes "--text_file=x" into "--text-file", "x", which also keeps an empty
// value from swallowing the next argument. Values stay as they are.
std::vector<std::string> normalise(
    int argc,
    const char* const* argv,
    const std::set<std::string>& with_value) {
  std::vector<std::string> arguments;
  bool is_value = false;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (is_value || !argument.starts_with("--")) {
      is_value = !is_value && with_value.contains(argument);
      arguments.push_back(std::move(argument));
      continue;
    }
    const size_t equals = argument.find('=');
    std::string name = argument.substr(0, equals);
    std::replace(name.begin(), name.end(), '_', '-');
    is_value = with_value.contains(name);
    if (equals == std::string::npos) {
      arguments.push_back(std::move(name));
    } else if (is_value) {
      arguments.push_back(std::move(name));
      arguments.push_back(argument.substr(equals + 1));
      is_value = false;
    } else {
      arguments.push_back(name + argument.substr(equals));
    }
  }
  return arguments;
}

void add_flag(CLI::App& app, const Flag& flag) {
  if (flag.value.empty()) {
    app.add_flag_callback(flag.names, [set = flag.set] { set(""); });
    return;
  }
  // The callback form hands over the value as it was typed.
  const CLI::callback_t store = [set = flag.set](const CLI::results_t& values) {
    set(values.at(0));
    return true;
  };
  app.add_option(flag.names, store)->type_name(flag.value);
}

[[noreturn]] void throw_usage(const std::string& message) {
  throw Error(ErrorClass::kUsage, message + "; see --help");
}

// A link to itself, too; what is no file, such as a terminal, may be both.
bool is_same_file(
    const std::filesystem::path& one, const std::filesystem::path& other) {
  std::error_code error;
  return std::filesystem::is_regular_file(one, error) &&
         std::filesystem::equivalent(one, other, error);
}

// What is written last would replace the text, the audio or another report.
void check_own_files(const CliOptions& options) {
  const std::pair<const char*, const std::filesystem::path&> reports[] = {
      {"--stats-json", options.stats_json},
      {"--trace-json", options.trace_json},
      {"--trace", options.trace}};
  std::set<std::filesystem::path> taken{
      kStandardStream, options.output.lexically_normal()};
  for (const auto& [flag, path] : reports) {
    if (!path.empty() && !taken.insert(path.lexically_normal()).second) {
      throw_usage(
          std::string(flag) + ": '" + path.string() +
          "' is another output or standard output; it needs a file of its own");
    }
    if (is_same_file(options.text_file, path)) {
      throw_usage(
          std::string(flag) + ": '" + path.string() +
          "' is the text that is to be spoken; it would be lost");
    }
  }
  if (is_same_file(options.text_file, options.output)) {
    throw_usage(
        "--output: '" + options.output.string() +
        "' is the text that is to be spoken; it would be lost");
  }
}

// A WAV that is named otherwise would be taken for what its name says.
void check_suffix(const std::filesystem::path& output) {
  for (const char* suffix : {".flac", ".mp3", ".opus", ".ogg"}) {
    if (output.extension() == suffix) {
      throw_usage(
          "--output: '" + output.string() +
          "': this program writes WAV and raw samples; voxtral-tts say "
          "writes " +
          suffix + ", and --format wav a WAV of this name");
    }
  }
}

void check_combination(const CLI::App& app, const CliOptions& options) {
  const auto given = [&app](const char* flag) { return app.count(flag) > 0; };
  const auto refuse_both = [&](const char* one, const char* other) {
    if (given(one) && given(other)) {
      throw_usage(std::string(one) + " and " + other + " exclude each other");
    }
  };
  refuse_both("--text", "--text-file");
  refuse_both("--speaker", "--output");
  refuse_both("--speaker", "--format");
  refuse_both("--max-frames", "--max-new-tokens");
  refuse_both("--quiet", "--verbose");
  if (options.action == Action::kListVoices) {
    if (options.load.voices.empty() && options.model.empty()) {
      throw_usage("--list-voices needs --voices DIR or --model FILE");
    }
    return;
  }
  if (options.model.empty()) {
    throw_usage("--model FILE is missing");
  }
  if (options.codec.empty()) {
    throw_usage("--codec FILE is missing");
  }
  check_own_files(options);
  if (!given("--format")) {
    check_suffix(options.output);
  }
}

} // namespace

CliOptions parse_arguments(int argc, const char* const* argv) {
  CliOptions options;
  const std::vector<Flag> table = flags(options);
  CLI::App app;
  app.set_help_flag();
  for (const Flag& flag : table) {
    if (flag.section.empty()) {
      add_flag(app, flag);
    }
  }
  std::vector<std::string> arguments =
      normalise(argc, argv, value_flags(table));
  std::reverse(arguments.begin(), arguments.end()); // the order CLI11 takes
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    throw_usage(error.what());
  }
  if (app.count("--help") > 0) {
    options.action = Action::kHelp;
  } else if (app.count("--version") > 0) {
    options.action = Action::kVersion;
  } else {
    check_combination(app, options);
  }
  return options;
}

} // namespace voxtral_tts::cli
