#include "engine/model_fingerprint.h"

#include <sys/stat.h>
#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "model/manifest.h"
#include "simd/level.h"
#include "support/files.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/log.h"
#include "voxtral_tts/version.h"

namespace voxtral_tts::engine {
namespace {

// Model and instruction set, as far as the system tells.
std::string cpu_identity() {
  std::string text;
#ifdef __APPLE__
  char name[256] = {};
  size_t size = sizeof(name) - 1;
  if (::sysctlbyname("machdep.cpu.brand_string", name, &size, nullptr, 0) ==
      0) {
    text = name;
  }
#else
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line) && !line.empty()) { // the first CPU
    for (const char* key : {"model name", "flags", "Features", "CPU part"}) {
      text += line.starts_with(key) ? line + "\n" : "";
    }
  }
#endif
  // A forced level adds up in another order than the machine's own.
  return text + simd::to_string(simd::level());
}

std::string file_identity(
    const std::filesystem::path& file, std::span<const std::byte> manifest) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) {
    throw Error(ErrorClass::kModelLoad, "the model cannot be examined");
  }
  const auto entry =
      model::find_in_manifest(manifest, file.filename().string());
  if (!entry || std::cmp_not_equal(entry->bytes, status.st_size)) {
    throw Error(ErrorClass::kModelLoad, "it describes another file");
  }
#ifdef __APPLE__
  const timespec changed = status.st_mtimespec;
#else
  const timespec changed = status.st_mtim;
#endif
  return std::to_string(entry->bytes) + " " + std::to_string(changed.tv_sec) +
         "." + std::to_string(changed.tv_nsec) + "\n";
}

} // namespace

Platform this_platform() {
  return {
      .library = VOXTRAL_TTS_VERSION,
      .executorch = VOXTRAL_TTS_EXECUTORCH_VERSION,
      .numerics = VOXTRAL_TTS_NUMERICS,
      .cpu = cpu_identity()};
}

std::optional<support::Hash128> model_fingerprint(
    const std::filesystem::path& model_file,
    const Platform& platform) noexcept {
  try {
    const std::filesystem::path file =
        model_file.parent_path() / "manifest.json";
    try {
      const std::vector<std::byte> manifest = support::read_file(
          file, model::kMaxManifestBytes, ErrorClass::kModelLoad);
      const std::string rest = file_identity(model_file, manifest) +
                               platform.library + "\n" + platform.executorch +
                               "\n" + platform.numerics + "\n" + platform.cpu;
      const support::Bytes parts[] = {manifest, std::as_bytes(std::span(rest))};
      return support::hash_of(parts);
    } catch (const std::exception& error) {
      log_debug("voice cache: not on disk: %s: %s", file.c_str(), error.what());
    }
  } catch (...) {
    log_debug("voice cache: out of memory");
  }
  return std::nullopt;
}

} // namespace voxtral_tts::engine
