#include "voxtral_tts/options.h"

namespace voxtral_tts {

const char* to_string(VoiceCache cache) noexcept {
  switch (cache) {
    case VoiceCache::kOff:
      return "off";
    case VoiceCache::kMemory:
      return "memory";
    case VoiceCache::kDisk:
      return "disk";
  }
  return "disk";
}

std::optional<VoiceCache> voice_cache_from(std::string_view name) noexcept {
  for (const VoiceCache cache :
       {VoiceCache::kOff, VoiceCache::kMemory, VoiceCache::kDisk}) {
    if (name == to_string(cache)) {
      return cache;
    }
  }
  return std::nullopt;
}

} // namespace voxtral_tts
