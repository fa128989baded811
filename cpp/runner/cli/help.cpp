// --help and --version.
#include "cli/cli_options.h"
#include "voxtral_tts/version.h"

#ifndef VOXTRAL_TTS_BACKENDS
#define VOXTRAL_TTS_BACKENDS "portable, XNNPACK"
#endif

namespace voxtral_tts::cli {
namespace {

constexpr size_t kHelpColumn = 30; // where the explanations begin

constexpr const char* kUsage =
    "Usage: voxtral_tts_runner --model FILE --codec FILE [flags]\n"
    "\n"
    "Speaks a text with Voxtral-4B-TTS-2603 and writes the audio. '_' and '-' "
    "are\n"
    "the same in every flag.\n";

constexpr const char* kFooter =
    "\n"
    "RTF, the real-time factor, is wall seconds of the synthesis per second "
    "of\n"
    "audio, loading excluded: below 1 is faster than real time. The generation "
    "RTF\n"
    "leaves out the codec. TTFA is the time from the call to the first "
    "samples.\n"
    "\n"
    "Exit codes: 0 complete audio, or a limit you set; 2 usage; 3 model file;\n"
    "4 files that do not belong together; 5 tokenizer; 6 voice; 7 text; 8 "
    "output;\n"
    "9 not-a-number in the model's results; 10 the default budget cut the "
    "audio\n"
    "(what was made is kept); 11 busy; 13 the reader of the output has gone;\n"
    "70 a defect of this program; 130 SIGINT; 143 SIGTERM (audio made so far "
    "is\n"
    "kept).\n";

std::string heading(const Flag& flag) {
  // Long-only flags are indented as if they had a short form.
  std::string names =
      flag.names.starts_with("--") ? "    " + flag.names : flag.names;
  if (const size_t comma = names.find(','); comma != std::string::npos) {
    names.insert(comma + 1, " ");
  }
  return "  " + names + (flag.value.empty() ? "" : " " + flag.value);
}

std::string help_row(const Flag& flag) {
  std::string row = heading(flag);
  row += row.size() + 2 > kHelpColumn
             ? "\n" + std::string(kHelpColumn, ' ')
             : std::string(kHelpColumn - row.size(), ' ');
  for (const char c : flag.help) {
    row += c;
    if (c == '\n') {
      row += std::string(kHelpColumn, ' ');
    }
  }
  return row + "\n";
}

} // namespace

std::string help_text() {
  CliOptions defaults;
  std::string text = kUsage;
  for (const Flag& flag : flags(defaults)) {
    text += flag.section.empty() ? help_row(flag) : "\n" + flag.section + ":\n";
  }
  return text + kFooter;
}

std::string version_text() {
  return "voxtral_tts_runner " VOXTRAL_TTS_VERSION
         "\nExecuTorch " VOXTRAL_TTS_EXECUTORCH_VERSION
         "\nbackends: " VOXTRAL_TTS_BACKENDS "\n";
}

} // namespace voxtral_tts::cli
