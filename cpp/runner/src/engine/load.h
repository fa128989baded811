// From files to a runner's parts.
#pragma once

#include <filesystem>
#include <memory>

#include "engine/runner_impl.h"

namespace voxtral_tts::engine {

// Throws Error{kModelLoad, kModelMismatch, kTokenizer, kUsage}.
std::unique_ptr<Runner::Impl> load(
    const std::filesystem::path& model,
    const std::filesystem::path& codec,
    const LoadOptions& options);

} // namespace voxtral_tts::engine
