// The MLX delegate. On macOS ExecuTorch's package brings one, which is linked.
// Elsewhere it is ours: a library beside this one, loaded when it is first
// needed, so that everything else works where MLX is not installed.
#pragma once

#include <filesystem>
#include <string>

namespace voxtral_tts::model {

constexpr const char* kMlxBackend = "MLXBackend";

// Makes the runtime know kMlxBackend; costs nothing when it does. Returns what
// is missing and the remedy, or nothing on success; a later call tries again.
// Thread-safe.
std::string load_mlx_backend();

// The same with the delegate's library from `folder`, for MLX `version`.
std::string load_mlx_backend(
    const std::filesystem::path& folder, const std::string& version);

} // namespace voxtral_tts::model
