// The table of flags. Parser and help are both made from it.
#include <limits>
#include <sstream>

#include "cli/cli_options.h"
#include "cli/parse_number.h"

namespace voxtral_tts::cli {
namespace {

using Setter = std::function<void(const std::string&)>;

std::string with_default(const std::string& help, const std::string& value) {
  return help + " (default: " + value + ")";
}

template <typename T>
std::string shown(T number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

// A value that names something: empty is never meant.
template <typename Target>
Setter non_empty(const std::string& flag, Target& target) {
  return [flag, &target](const std::string& value) {
    if (value.empty()) {
      throw Error(ErrorClass::kUsage, flag + ": the value is empty");
    }
    target = value;
  };
}

Setter ignored(
    CliOptions& options, const std::string& flag, const std::string& reason) {
  return [&options, flag, reason](const std::string&) {
    options.notes.push_back(flag + " is accepted and ignored: " + reason);
  };
}

Setter switch_on(bool& target) {
  return [&target](const std::string&) { target = true; };
}

Setter choose(Action& target, Action action) {
  return [&target, action](const std::string&) { target = action; };
}

void set_device(Device& target, const std::string& value) {
  const std::optional<Device> device = device_from(value);
  if (!device) {
    throw_bad_value("--device", value, "auto, gpu or cpu");
  }
  target = *device;
}

void set_voice_cache(VoiceCache& target, const std::string& value) {
  const std::optional<VoiceCache> cache = voice_cache_from(value);
  if (!cache) {
    throw_bad_value("--voice-cache", value, "disk, memory or off");
  }
  target = *cache;
}

void set_format(AudioFormat& format, const std::string& value) {
  if (value == "wav") {
    format = AudioFormat::kWav;
  } else if (value == "s16le") {
    format = AudioFormat::kS16le;
  } else if (value == "f32le") {
    format = AudioFormat::kF32le;
  } else {
    throw_bad_value("--format", value, "wav, s16le or f32le");
  }
}

Flag section(const std::string& title) {
  return {.section = title};
}

void add_file_flags(std::vector<Flag>& table, CliOptions& o) {
  table.push_back(section("Files"));
  table.push_back(
      {"--model",
       "FILE",
       "language model program, model.pte",
       non_empty("--model", o.model)});
  table.push_back(
      {"--codec",
       "FILE",
       "codec program, codec_decoder.pte",
       non_empty("--codec", o.codec)});
  table.push_back(
      {"--tokenizer",
       "FILE",
       with_default("tokenizer", "tekken.json beside the model"),
       non_empty("--tokenizer", o.load.tokenizer)});
  table.push_back(
      {"--voices",
       "DIR",
       "folder of voice files, .pt or .safetensors\n"
       "(default: voice_embedding beside the tokenizer)",
       non_empty("--voices", o.load.voices)});
  table.push_back(
      {"--threads",
       "N",
       "threads to use; 0 is every CPU (default: " + shown(o.load.num_threads) +
           ")",
       [&o](const std::string& value) {
         o.load.num_threads = parse_integer<int>("--threads", value, 0, 1024);
       }});
  table.push_back(
      {"--device",
       "DEVICE",
       "auto, gpu or cpu, for a model exported for MLX\n(default: " +
           std::string(to_string(o.load.device)) + ")",
       [&o](const std::string& value) { set_device(o.load.device, value); }});
  table.push_back(
      {"--voice-cache",
       "WHERE",
       "where a voice's computed part of the prompt is\n"
       "kept: disk, memory or off (default: " +
           std::string(to_string(o.load.voice_cache)) + ")",
       [&o](const std::string& value) {
         set_voice_cache(o.load.voice_cache, value);
       }});
  table.push_back(
      {"--cache-dir",
       "DIR",
       "folder of that disk cache (default:\n"
       "$VOXTRAL_TTS_CACHE, else ~/.cache/voxtral_tts)",
       non_empty("--cache-dir", o.load.cache_dir)});
  table.push_back(
      {"--verify",
       "",
       "compare whole program files with manifest.json,\n"
       "not only when they are new",
       [&o](const std::string&) { o.load.verify = true; }});
}

void add_text_flags(std::vector<Flag>& table, CliOptions& o) {
  table.push_back(section("Text (one of the two; without: standard input)"));
  table.push_back(
      {"-t,--text",
       "TEXT",
       "the text itself, UTF-8; - reads standard input",
       [&o](const std::string& value) { o.text = value; }});
  table.push_back(
      {"-i,--text-file",
       "FILE",
       "a file with the text; - reads standard input",
       non_empty("--text-file", o.text_file)});
}

void add_speech_flags(std::vector<Flag>& table, CliOptions& o) {
  SynthesisOptions& s = o.synthesis;
  const auto set_max_frames = [&s](const std::string& flag) -> Setter {
    return [&s, flag](const std::string& value) {
      s.max_frames =
          parse_integer<int>(flag, value, 1, std::numeric_limits<int>::max());
    };
  };
  table.push_back(section("Speech"));
  table.push_back(
      {"-v,--voice",
       "NAME|FILE",
       "voice by name, or a voice file\n"
       "(default: neutral_female, else the first by name);\n"
       "a blend: NAME:WEIGHT+NAME:WEIGHT (experimental)",
       non_empty("--voice", s.voice)});
  table.push_back(
      {"--seed",
       "N",
       with_default("same seed, same audio", shown(s.seed)),
       [&s](const std::string& value) {
         s.seed = parse_integer<uint64_t>(
             "--seed", value, 0, std::numeric_limits<uint64_t>::max());
       }});
  table.push_back(
      {"--temperature",
       "X",
       with_default("semantic code, 0 (greedy) to 100", shown(s.temperature)),
       [&s](const std::string& value) {
         s.temperature = parse_float("--temperature", value);
         if (s.temperature < 0) {
           throw_bad_value("--temperature", value, "0 or more");
         }
       }});
  table.push_back(
      {"--cfg-alpha",
       "X",
       with_default("guidance, -100 to 100", "the model's"),
       [&s](const std::string& value) {
         s.cfg_alpha = parse_float("--cfg-alpha", value);
       }});
  table.push_back(
      {"--flow-steps",
       "N",
       "refuse a model exported with another number",
       [&s](const std::string& value) {
         s.flow_steps = parse_integer<int>("--flow-steps", value, 1, 64);
       }});
  table.push_back(
      {"--max-frames",
       "N",
       with_default("80 ms frames at most", "the model's"),
       set_max_frames("--max-frames")});
  table.push_back(
      {"--max-new-tokens",
       "N",
       "the same as --max-frames",
       set_max_frames("--max-new-tokens")});
}

void add_output_flags(std::vector<Flag>& table, CliOptions& o) {
  SynthesisOptions& s = o.synthesis;
  table.push_back(section("Output"));
  table.push_back(
      {"-o,--output",
       "FILE",
       with_default("- writes to standard output", o.output.string()),
       non_empty("--output", o.output)});
  table.push_back(
      {"--format",
       "FORMAT",
       "wav (16 bit), s16le or f32le (raw samples, no\n"
       "header) (default: wav)",
       [&o](const std::string& value) { set_format(o.format, value); }});
  table.push_back(
      {"--speaker",
       "",
       "raw f32le samples on standard output, no file",
       [&o](const std::string&) {
         o.output = kStandardStream;
         o.format = AudioFormat::kF32le;
       }});
  table.push_back(
      {"--streaming",
       "",
       "no effect: audio is always written as it is made",
       [](const std::string&) {}});
  table.push_back(
      {"--chunk-frames",
       "N",
       "frames per chunk; 0 is the codec's own schedule,\n"
       "small first chunks (default: " +
           shown(s.chunk_frames) + ")",
       [&s](const std::string& value) {
         s.chunk_frames = parse_integer<int>(
             "--chunk-frames", value, 0, std::numeric_limits<int>::max());
       }});
  table.push_back(
      {"--stats-json",
       "FILE",
       "write what the synthesis cost as JSON",
       non_empty("--stats-json", o.stats_json)});
  table.push_back(
      {"--trace-json",
       "FILE",
       "write the codes of every frame as JSON",
       non_empty("--trace-json", o.trace_json)});
  table.push_back(
      {"--trace",
       "FILE",
       "write when each stage ran, for Perfetto or Chrome",
       [&o](const std::string& value) {
         non_empty("--trace", o.trace)(value);
         o.synthesis.record_trace = true;
       }});
}

void add_other_flags(std::vector<Flag>& table, CliOptions& o) {
  table.push_back(section("Other"));
  table.push_back(
      {"--list-voices",
       "",
       "print the voices' names, one per line; needs\n--voices or --model only",
       choose(o.action, Action::kListVoices)});
  table.push_back(
      {"-q,--quiet",
       "",
       "print errors, and the warning of exit code 10",
       switch_on(o.quiet)});
  table.push_back(
      {"--verbose", "", "print the library's messages", switch_on(o.verbose)});
  table.push_back(
      {"-V,--version",
       "",
       "print the versions",
       choose(o.action, Action::kVersion)});
  table.push_back(
      {"-h,--help", "", "print this help", choose(o.action, Action::kHelp)});
  table.push_back(section("Accepted and ignored"));
  const std::string embedded = "the weights are inside the .pte file";
  table.push_back(
      {"--data-path",
       "FILE",
       "the weights are inside model.pte",
       ignored(o, "--data-path", embedded)});
  table.push_back(
      {"--codec-data-path",
       "FILE",
       "the weights are inside codec_decoder.pte",
       ignored(o, "--codec-data-path", embedded)});
}

} // namespace

std::vector<Flag> flags(CliOptions& options) {
  std::vector<Flag> table;
  add_file_flags(table, options);
  add_text_flags(table, options);
  add_speech_flags(table, options);
  add_output_flags(table, options);
  add_other_flags(table, options);
  return table;
}

} // namespace voxtral_tts::cli
