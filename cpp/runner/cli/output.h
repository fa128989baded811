// Opens where the audio goes.
#pragma once

#include <memory>

#include "cli/cli_options.h"
#include "voxtral_tts/audio_sink.h"

namespace voxtral_tts::cli {

// A sink for `options.output` in `options.format`. Throws Error{kOutput} when
// it cannot be opened, Error{kUsage} for samples on a terminal.
std::unique_ptr<AudioSink> open_output(
    const CliOptions& options, int sample_rate_hz);

} // namespace voxtral_tts::cli
