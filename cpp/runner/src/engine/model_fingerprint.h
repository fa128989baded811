// Tells whether values computed earlier still are what a model would compute.
#pragma once

#include <filesystem>
#include <optional>

#include "support/hash.h"

namespace voxtral_tts::engine {

// Hash of what decides a model's results: the manifest beside it, which holds
// the files' SHA-256, size and time of the file itself, this library's and
// ExecuTorch's version, and the CPU, whose instructions decide how sums round.
// The model itself is not read: that would take seconds. Empty, with the reason
// in the log, when the manifest is missing or describes another file.
std::optional<support::Hash128> model_fingerprint(
    const std::filesystem::path& model_file) noexcept;

} // namespace voxtral_tts::engine
