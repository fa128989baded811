// voxtral_tts_runner: speaks a text from the command line. See docs/cli.md.
#include <fcntl.h>

#include <chrono>
#include <exception>
#include <string>

#include "cli/cli_options.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/report.h"
#include "cli/synthesize_command.h"
#include "voxtral_tts/error.h"

namespace {

using namespace voxtral_tts;

// A file opened in place of a closed standard descriptor would receive what is
// meant for that. The wrong direction makes its use fail instead.
void occupy_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) == -1) {
      ::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
    }
  }
}

int run(
    const cli::CliOptions& options,
    std::chrono::steady_clock::time_point start) {
  switch (options.action) {
    case cli::Action::kHelp:
      cli::print_result(cli::help_text());
      return cli::kExitOk;
    case cli::Action::kVersion:
      cli::print_result(cli::version_text());
      return cli::kExitOk;
    case cli::Action::kListVoices:
      return cli::run_list_voices(options);
    case cli::Action::kSynthesize:
      break;
  }
  if (!options.quiet) {
    for (const std::string& note : options.notes) {
      cli::print_line("note: " + note);
    }
    cli::show_library_messages(options.verbose);
  }
  return cli::run_synthesize(options, start);
}

int fail(ErrorClass error_class, const std::string& message) {
  cli::print_line(
      std::string("error: ") + to_string(error_class) + ": " + message);
  return cli::exit_code(error_class);
}

} // namespace

int main(int argc, char** argv) {
  const auto start = std::chrono::steady_clock::now();
  occupy_standard_descriptors();
  cli::install_signal_handlers();
  try {
    return run(cli::parse_arguments(argc, argv), start);
  } catch (const Error& error) {
    return fail(error.error_class(), error.what());
  } catch (const std::exception& error) {
    return fail(ErrorClass::kInternal, error.what());
  }
}
