#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <string>
#include <system_error>

#include "support/files.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/voice.h"

namespace voxtral_tts {
namespace {

namespace fs = std::filesystem;
using support::in_quotes;

// In order of preference for a voice that has both.
constexpr std::array<const char*, 2> kExtensions{".pt", ".safetensors"};

bool has_voice_extension(const fs::path& path) {
  return std::ranges::find(kExtensions, path.extension().string()) !=
         kExtensions.end();
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text.empty() ? "none" : text;
}

} // namespace

std::vector<std::string> list_voices(const fs::path& dir) {
  std::error_code error;
  fs::directory_iterator entry(dir, error);
  std::set<std::string> names;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    const std::string name = path.stem().string();
    // Files like "._name.pt" are a file system's metadata, not voices.
    if (has_voice_extension(path) && name.front() != '.' && is_file(path)) {
      names.insert(name);
    }
  }
  if (error) {
    throw Error(
        ErrorClass::kVoice,
        "cannot list the voices in " + in_quotes(dir.native()) + ": " +
            error.message() +
            "; copy voice_embedding there from where it was exported, or name "
            "another folder of voices",
        error.value());
  }
  return {names.begin(), names.end()};
}

fs::path find_voice(const fs::path& dir, const std::string& name_or_path) {
  const bool has_nul = name_or_path.find('\0') != std::string::npos;
  const fs::path path = name_or_path;
  if (!has_nul && has_voice_extension(path) && is_file(path)) {
    return path;
  }
  const std::vector<std::string> names = list_voices(dir);
  // Only names that the directory lists are joined to it, so "../x" is not.
  if (std::ranges::binary_search(names, name_or_path)) {
    for (const char* extension : kExtensions) {
      const fs::path file = dir / (name_or_path + extension);
      if (is_file(file)) {
        return file;
      }
    }
  }
  throw Error(
      ErrorClass::kVoice,
      "there is no voice " + in_quotes(name_or_path) + "; " +
          in_quotes(dir.native()) + " has: " + joined(names) +
          " (or give the path of a .pt or .safetensors file)");
}

} // namespace voxtral_tts
