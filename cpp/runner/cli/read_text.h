// Where the text comes from.
#pragma once

#include <string>

#include "cli/cli_options.h"

namespace voxtral_tts::cli {

// --text, else the whole of --text-file or of standard input without one line
// ending at its end. Not checked for UTF-8: the library does that. Throws
// Error{kText} for a file that cannot be read or holds more than 1 MiB.
std::string read_text(const CliOptions& options);

} // namespace voxtral_tts::cli
