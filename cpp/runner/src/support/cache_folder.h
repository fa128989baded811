// The user's folder for files that can be made anew at any time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace voxtral_tts::support {

// $VOXTRAL_TTS_CACHE, else $XDG_CACHE_HOME/voxtral_tts, else
// ~/.cache/voxtral_tts (macOS: ~/Library/Caches/voxtral_tts). Empty when the
// environment names none of them by an absolute path (the first may be
// relative).
std::filesystem::path default_cache_folder();

// Makes the folder and those above it, each for the user alone (0700); those
// that are there stay as they are. Throws Error{kOutput}.
void make_private_folder(const std::filesystem::path& folder);

struct CacheLimits {
  uint64_t files;
  uint64_t bytes;
};

// Removes the files of `folder` that nobody used for longest until the rest,
// `keep` included, is within `limits`. Only regular files whose name begins
// with `prefix` count; those ending in ".part" are left over from a writer that
// died and go after an hour. Never throws: what cannot be removed stays.
void remove_oldest(
    const std::filesystem::path& folder,
    std::string_view prefix,
    const std::filesystem::path& keep,
    const CacheLimits& limits) noexcept;

} // namespace voxtral_tts::support
