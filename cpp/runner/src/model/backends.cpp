#include "model/backends.h"

#include <cstring>
#include <variant>

#include <executorch/runtime/backend/interface.h>

#include "model/mlx_library.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::model {
namespace {

constexpr int kUnanswered = -1;
constexpr const char* kXnnpackBackend = "XnnpackBackend";

std::optional<uint32_t> counter(const char* key) {
  executorch::runtime::BackendOption option;
  std::strncpy(option.key, key, sizeof(option.key) - 1);
  option.value = kUnanswered;
  const auto error = executorch::runtime::get_option(
      kMlxBackend, executorch::runtime::Span(&option, size_t{1}));
  const int* const value = std::get_if<int>(&option.value);
  if (error != executorch::runtime::Error::Ok || value == nullptr ||
      *value == kUnanswered) {
    return std::nullopt;
  }
  return static_cast<uint32_t>(*value);
}

} // namespace

std::string backend_of(const std::set<std::string>& delegates) {
  std::string names;
  for (const std::string& delegate : delegates) {
    names += names.empty() ? "" : "+";
    names += delegate == kMlxBackend       ? "mlx"
             : delegate == kXnnpackBackend ? "xnnpack"
                                           : delegate;
  }
  return names.empty() ? "portable" : names;
}

void check_device(
    const std::filesystem::path& file,
    bool needs_mlx,
    Device device,
    bool mlx_is_gpu_only) {
  const auto refuse = [&](const std::string& why) {
    throw Error(
        ErrorClass::kUsage,
        file.string() + ": device " + to_string(device) + ": " + why);
  };
  if (device == Device::kGpu && !needs_mlx) {
    refuse(
        "this program runs on the CPU only; export it with --backend mlx, or "
        "use device auto");
  }
  if (device == Device::kCpu && needs_mlx && mlx_is_gpu_only) {
    refuse(
        "on macOS MLX programs run on the GPU only; use device auto, or export "
        "with --backend xnnpack");
  }
}

std::optional<MlxCounters> mlx_counters() {
  const auto executes = counter("executes");
  const auto host_syncs = counter("host_syncs");
  if (!executes || !host_syncs) {
    return std::nullopt;
  }
  return MlxCounters{*executes, *host_syncs};
}

} // namespace voxtral_tts::model
