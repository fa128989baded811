// The program's two jobs. Both return the exit code and throw Error.
#pragma once

#include <chrono>

#include "cli/cli_options.h"

namespace voxtral_tts::cli {

// Loads, speaks, writes. Audio made before an error or a signal is kept as a
// valid shorter file; without any, no file appears. `start` is when the
// program began, for --stats-json.
int run_synthesize(
    const CliOptions& options, std::chrono::steady_clock::time_point start);

// Prints the voices' names. Loads no model.
int run_list_voices(const CliOptions& options);

} // namespace voxtral_tts::cli
