#include "cli/read_text.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "cli/report.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::cli {
namespace {

// Far above what a model takes; bounds memory when fed a wrong file.
constexpr size_t kMaxTextBytes = 1 << 20;

std::string read_all(std::FILE* file, const std::string& name) {
  std::string text;
  char block[4096];
  size_t count = 0;
  while ((count = std::fread(block, 1, sizeof(block), file)) > 0) {
    text.append(block, count);
    if (text.size() > kMaxTextBytes) {
      throw Error(ErrorClass::kText, name + " holds more than 1 MiB of text");
    }
  }
  if (std::ferror(file) != 0) {
    const int reason = errno;
    throw Error(
        ErrorClass::kText,
        "cannot read " + name + ": " + std::generic_category().message(reason),
        reason);
  }
  return text;
}

// What editors and `echo` add is no part of the text.
std::string without_final_line_ending(std::string text) {
  if (text.ends_with('\n')) {
    text.pop_back();
    if (text.ends_with('\r')) {
      text.pop_back();
    }
  }
  return text;
}

std::string read_standard_input(bool quiet) {
  if (!quiet && ::isatty(STDIN_FILENO) != 0) {
    print_line("reading the text from standard input, Ctrl-D ends it");
  }
  return without_final_line_ending(read_all(stdin, "standard input"));
}

} // namespace

std::string read_text(const CliOptions& options) {
  if (options.text && *options.text != kStandardStream) {
    return *options.text;
  }
  if (options.text || options.text_file == kStandardStream) {
    return read_standard_input(options.quiet);
  }
  const std::string name = "'" + options.text_file.string() + "'";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen(options.text_file.c_str(), "rb"), &std::fclose);
  if (file == nullptr) {
    const int reason = errno;
    throw Error(
        ErrorClass::kText,
        "cannot open " + name + ": " + std::generic_category().message(reason),
        reason);
  }
  return without_final_line_ending(read_all(file.get(), name));
}

} // namespace voxtral_tts::cli
