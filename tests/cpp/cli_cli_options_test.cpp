// The command line's parser. Oracle: docs/cli.md and the option structs.
#include "cli/cli_options.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "temporary_folder.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::cli {
namespace {

const std::vector<std::string> kRequired = {
    "--model", "model.pte", "--codec", "codec_decoder.pte"};

CliOptions parse_exactly(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv = {"voxtral_tts_runner"};
  for (const std::string& argument : arguments) {
    argv.push_back(argument.c_str());
  }
  return parse_arguments(static_cast<int>(argv.size()), argv.data());
}

CliOptions parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), kRequired.begin(), kRequired.end());
  return parse_exactly(arguments);
}

// The message of the usage error that `arguments` give.
std::string usage_error(const std::vector<std::string>& arguments) {
  try {
    parse_exactly(arguments);
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kUsage);
    return error.what();
  }
  ADD_FAILURE() << "accepted";
  return "";
}

std::string bad(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), kRequired.begin(), kRequired.end());
  return usage_error(arguments);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(CliOptions, TheRequiredFlagsAreEnoughAndTheRestIsTheStructs) {
  const CliOptions options = parse({});
  const SynthesisOptions defaults;
  EXPECT_EQ(options.action, Action::kSynthesize);
  EXPECT_EQ(options.model, "model.pte");
  EXPECT_EQ(options.codec, "codec_decoder.pte");
  EXPECT_EQ(options.output, "output.wav");
  EXPECT_FALSE(options.text.has_value());
  EXPECT_EQ(options.text_file, kStandardStream);
  EXPECT_EQ(options.synthesis.voice, defaults.voice);
  EXPECT_EQ(options.synthesis.seed, defaults.seed);
  EXPECT_EQ(options.synthesis.temperature, defaults.temperature);
  EXPECT_EQ(options.synthesis.cfg_alpha, defaults.cfg_alpha);
  EXPECT_EQ(options.synthesis.max_frames, defaults.max_frames);
  EXPECT_EQ(options.synthesis.chunk_frames, defaults.chunk_frames);
}

TEST(CliOptions, UnderscoresAndHyphensAreTheSameInFlagsOnly) {
  EXPECT_EQ(parse({"--max_new_tokens", "7"}).synthesis.max_frames, 7);
  EXPECT_EQ(parse({"--max-new-tokens=7"}).synthesis.max_frames, 7);
  EXPECT_EQ(parse({"--max_frames=7"}).synthesis.max_frames, 7);
  EXPECT_EQ(parse({"--voice", "fr_female"}).synthesis.voice, "fr_female");
  EXPECT_EQ(parse({"--voice=fr_female"}).synthesis.voice, "fr_female");
  EXPECT_EQ(parse({"--text", "--not_a_flag=a_b"}).text, "--not_a_flag=a_b");
  EXPECT_EQ(parse({"-t", "--stats_json"}).text, "--stats_json");
}

TEST(CliOptions, TextIsTakenAsItIsTyped) {
  for (const std::string text :
       {"[a, b]",
        "\"quoted\"",
        "{}",
        "%%",
        "a,b",
        "-",
        "",
        " ",
        "a\nb",
        "--"}) {
    EXPECT_EQ(parse({"--text", text}).text, text) << text;
    EXPECT_EQ(parse({"--text=" + text}).text, text) << text;
  }
  // An empty value does not swallow what follows.
  const CliOptions options = parse({"--text=", "--seed", "5"});
  EXPECT_EQ(options.text, "");
  EXPECT_EQ(options.synthesis.seed, 5U);
}

TEST(CliOptions, EveryFlagOfTheExecutorchExampleIsAccepted) {
  const CliOptions options = parse_exactly(
      {"--model",
       "m.pte",
       "--data_path",
       "m.ptd",
       "--codec",
       "c.pte",
       "--codec_data_path",
       "c.ptd",
       "--tokenizer",
       "t",
       "--voice",
       "v",
       "--text",
       "hi",
       "--output",
       "o.wav",
       "--trace_json",
       "t.json",
       "--seed",
       "1",
       "--temperature",
       "0.5",
       "--max_new_tokens",
       "9",
       "--streaming"});
  EXPECT_EQ(options.load.tokenizer, "t");
  EXPECT_EQ(options.synthesis.seed, 1U);
  EXPECT_EQ(options.synthesis.temperature, 0.5F);
  EXPECT_EQ(options.synthesis.max_frames, 9);
  EXPECT_EQ(options.trace_json, "t.json");
  EXPECT_EQ(options.notes.size(), 2U); // the two data paths
}

TEST(CliOptions, SpeakerIsRawFloatsOnStandardOutput) {
  const CliOptions options = parse({"--speaker"});
  EXPECT_EQ(options.output, kStandardStream);
  EXPECT_EQ(options.format, AudioFormat::kF32le);
}

TEST(CliOptions, NumbersAreReadWholeAndInRange) {
  EXPECT_EQ(
      parse({"--seed", "18446744073709551615"}).synthesis.seed,
      std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(parse({"--temperature", "1e-3"}).synthesis.temperature, 1e-3F);
  EXPECT_EQ(parse({"--cfg_alpha", "-1.5"}).synthesis.cfg_alpha, -1.5F);
  EXPECT_EQ(parse({"--chunk-frames", "0"}).synthesis.chunk_frames, 0);
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"--seed", {"18446744073709551616", "-1", "1.5", "", " 1", "1 ", "x"}},
      {"--temperature", {"nan", "inf", "-0.1", "", " 1", "1x", "1e99"}},
      {"--cfg-alpha", {"nan", "-inf", "", "1,2"}},
      {"--max-frames", {"0", "-3", "2147483648", ""}},
      {"--max-new-tokens", {"0", "-1"}},
      {"--chunk-frames", {"-1", "a"}},
  };
  for (const auto& [flag, values] : cases) {
    for (const std::string& value : values) {
      const std::string message = bad({flag, value});
      EXPECT_TRUE(contains(message, flag)) << message;
      EXPECT_TRUE(contains(message, "'" + value + "'")) << message;
    }
  }
}

TEST(CliOptions, UsageErrorsNameTheFlag) {
  EXPECT_TRUE(contains(usage_error({"--codec", "c.pte"}), "--model"));
  EXPECT_TRUE(contains(usage_error({"--model", "m.pte"}), "--codec"));
  EXPECT_TRUE(contains(usage_error({"--list-voices"}), "--voices"));
  EXPECT_TRUE(contains(bad({"--unknown"}), "--unknown"));
  EXPECT_TRUE(contains(bad({"Hello."}), "Hello."));
  EXPECT_TRUE(contains(bad({"--voice"}), "--voice"));
  EXPECT_TRUE(contains(bad({"--voice", ""}), "--voice"));
  EXPECT_TRUE(contains(bad({"--format", "mp3"}), "mp3"));
  EXPECT_TRUE(contains(bad({"--seed", "1", "--seed", "2"}), "--seed"));
  EXPECT_TRUE(contains(bad({"-t", "a", "-i", "b"}), "--text-file"));
  EXPECT_TRUE(contains(bad({"--speaker", "-o", "a.wav"}), "--speaker"));
  EXPECT_TRUE(contains(bad({"--speaker", "--format", "wav"}), "--format"));
  EXPECT_TRUE(contains(bad({"-q", "--verbose"}), "--verbose"));
}

TEST(CliOptions, EveryReportNeedsAFileOfItsOwn) {
  for (const std::string flag : {"--stats-json", "--trace-json", "--trace"}) {
    EXPECT_TRUE(contains(bad({flag, "-"}), flag + ": '-'"));
    EXPECT_TRUE(contains(bad({flag, "output.wav"}), flag));
    EXPECT_TRUE(contains(bad({"-o", "a.wav", flag, "./a.wav"}), flag));
  }
  EXPECT_TRUE(contains(bad({"--trace", "a", "--stats-json", "a"}), "--trace"));
  EXPECT_TRUE(contains(bad({"--trace-json", "a", "--stats-json", "a"}), "'a'"));
}

TEST(CliOptions, TheTextIsNotWrittenOver) {
  const TemporaryFolder folder;
  const std::string text = folder.path() / "text.txt";
  const std::string link = folder.path() / "link";
  std::ofstream(text) << "Hello.";
  std::filesystem::create_symlink(text, link);
  EXPECT_TRUE(contains(bad({"-i", text, "-o", text}), "would be lost"));
  EXPECT_TRUE(contains(bad({"-i", text, "-o", link}), "would be lost"));
  EXPECT_TRUE(contains(bad({"-i", text, "--trace", link}), "--trace"));
}

TEST(CliOptions, NamesOfOtherFormatsAreRefused) {
  EXPECT_TRUE(contains(bad({"-o", "a.mp3"}), "voxtral-tts say writes .mp3"));
  EXPECT_EQ(parse({"-o", "a.mp3", "--format", "wav"}).output, "a.mp3");
}

TEST(CliOptions, HelpAndVersionNeedNothingElse) {
  EXPECT_EQ(parse_exactly({"-h"}).action, Action::kHelp);
  EXPECT_EQ(parse_exactly({"--help", "--version"}).action, Action::kHelp);
  EXPECT_EQ(parse_exactly({"-V"}).action, Action::kVersion);
  EXPECT_EQ(
      parse_exactly({"--list_voices", "--voices", "v"}).action,
      Action::kListVoices);
}

TEST(CliOptions, HelpShowsEveryFlagAndTheStructsDefaults) {
  const std::string help = help_text();
  CliOptions options;
  for (const Flag& flag : flags(options)) {
    const size_t long_name = flag.names.find("--");
    if (long_name != std::string::npos) { // else a section
      EXPECT_TRUE(contains(help, flag.names.substr(long_name))) << flag.names;
    }
  }
  EXPECT_TRUE(contains(help, "(default: 42)"));
  EXPECT_TRUE(contains(help, "RTF"));
  EXPECT_TRUE(contains(help, "130 SIGINT"));
}

TEST(ExitCode, IsDistinctPerErrorClassAndNeverZero) {
  EXPECT_EQ(exit_code(ErrorClass::kUsage), 2);
  EXPECT_EQ(exit_code(ErrorClass::kModelLoad), 3);
  EXPECT_EQ(exit_code(ErrorClass::kModelMismatch), 4);
  EXPECT_EQ(exit_code(ErrorClass::kTokenizer), 5);
  EXPECT_EQ(exit_code(ErrorClass::kVoice), 6);
  EXPECT_EQ(exit_code(ErrorClass::kText), 7);
  EXPECT_EQ(exit_code(ErrorClass::kOutput), 8);
  EXPECT_EQ(exit_code(ErrorClass::kNumeric), 9);
  EXPECT_EQ(exit_code(ErrorClass::kBusy), 11);
  EXPECT_EQ(exit_code(ErrorClass::kReaderGone), 13);
  EXPECT_EQ(exit_code(ErrorClass::kInternal), 70);
  EXPECT_EQ(exit_code(ErrorClass::kInterrupted), 130);
}

} // namespace
} // namespace voxtral_tts::cli
