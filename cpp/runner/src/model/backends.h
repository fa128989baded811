// What the programs' backends are told, and what they tell.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "voxtral_tts/options.h"

namespace voxtral_tts::model {

// What a program with delegates of these backends, by the runtime's names, was
// exported for: "mlx", "xnnpack", or "portable" without any. Others keep the
// runtime's names; several are joined by "+".
std::string backend_of(const std::set<std::string>& delegates);

// Throws Error{kUsage} that names `file` when it cannot run on `device`.
// `mlx_is_gpu_only`: Apple's MLX delegate runs on the GPU only.
void check_device(
    const std::filesystem::path& file,
    bool needs_mlx,
    Device device,
    bool mlx_is_gpu_only);

// What the MLX delegate has counted in this process; both wrap around.
struct MlxCounters {
  uint32_t executes = 0;
  uint32_t host_syncs = 0; // times the CPU waited for the device
};

// Nothing where the delegate does not count, as Apple's.
std::optional<MlxCounters> mlx_counters();

} // namespace voxtral_tts::model
