#include "model/mlx_library.h"

#include <dlfcn.h>

#include <mutex>

#include <executorch/runtime/backend/interface.h>

namespace voxtral_tts::model {
namespace {

constexpr const char* kMlx = "libmlx.so";
constexpr const char* kDelegate = "libvoxtral_tts_mlx.so";
// const char* mlx::core::version(). Other versions have other classes behind
// the same names, so it is asked before the delegate is loaded.
constexpr const char* kMlxVersion = "_ZN3mlx4core7versionEv";

bool is_registered() {
  return executorch::runtime::get_backend_class(kMlxBackend) != nullptr;
}

std::string last_error() {
  const char* const message = ::dlerror();
  return message == nullptr ? "unknown error" : message;
}

std::string install_hint(const std::string& version) {
  return "; install MLX " + version + ": pip install 'voxtral_tts[mlx]', or " +
         "'mlx[cpu]==" + version + "'";
}

// What keeps MLX itself from being used; nothing when it is as it has to be.
// The loader looks into our RUNPATH, unless Python has loaded it before.
std::string load_mlx(const std::string& version) {
  void* const mlx = ::dlopen(kMlx, RTLD_NOW | RTLD_LOCAL);
  if (mlx == nullptr) {
    return "MLX does not load (" + last_error() + ")" + install_hint(version);
  }
  using Version = const char* (*)();
  const auto asked = reinterpret_cast<Version>(::dlsym(mlx, kMlxVersion));
  const std::string found = asked == nullptr ? "of unknown version" : asked();
  return found == version ? std::string()
                          : "the MLX found is " + found + install_hint(version);
}

} // namespace

std::string load_mlx_backend(
    const std::filesystem::path& folder, const std::string& version) {
  const std::filesystem::path library = folder / kDelegate;
  std::error_code ignored;
  if (!std::filesystem::exists(library, ignored)) {
    return library.string() +
           " is missing; build with -DVOXTRAL_TTS_MLX=ON or the preset "
           "voxtral_tts-mlx, or pip install 'voxtral_tts[mlx]'";
  }
  std::string problem = load_mlx(version);
  if (!problem.empty()) {
    return problem;
  }
  if (::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
    return library.string() + " does not load (" + last_error() + ")" +
           install_hint(version);
  }
  return is_registered() ? std::string()
                         : library.string() + " does not register the backend";
}

std::string load_mlx_backend() {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (is_registered()) {
    return {};
  }
#if defined(__APPLE__)
  return "this build has none: on Apple Silicon build the preset "
         "voxtral_tts-mlx, elsewhere export with --backend xnnpack";
#else
  Dl_info self{};
  const auto* const here = reinterpret_cast<const void*>(
      static_cast<std::string (*)()>(&load_mlx_backend));
  if (::dladdr(here, &self) == 0 || self.dli_fname == nullptr) {
    return "the folder of this library cannot be found";
  }
  return load_mlx_backend(
      std::filesystem::path(self.dli_fname).parent_path(),
      VOXTRAL_TTS_MLX_VERSION);
#endif
}

} // namespace voxtral_tts::model
