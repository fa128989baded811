// Tells whether values computed earlier still are what a model would compute.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "support/hash.h"

namespace voxtral_tts::engine {

// What else than the model's files decides how sums round.
struct Platform {
  std::string library;    // this library's version
  std::string executorch; // the runtime's
  std::string numerics;   // compiler, flags and sources of what rounds
  std::string cpu;        // its model and instruction set, as the system says
};

Platform this_platform();

// Hash of what decides a model's results: the manifest beside it, which holds
// the files' SHA-256, size and time of the file itself, and the platform. The
// model itself is not read: that would take seconds. Empty, with the reason in
// the log, when the manifest is missing or describes another file.
std::optional<support::Hash128> model_fingerprint(
    const std::filesystem::path& model_file,
    const Platform& platform = this_platform()) noexcept;

} // namespace voxtral_tts::engine
