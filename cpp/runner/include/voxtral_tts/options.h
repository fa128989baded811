// Options as plain structs: the one place where every default stands. The
// command line's help and the Python signatures are built from them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "voxtral_tts/export.h"

namespace voxtral_tts {

// Where programs exported with --backend mlx run. Others run on the CPU, so
// that kGpu refuses them.
enum class Device { kAuto, kGpu, kCpu }; // kAuto: the GPU when there is one

// "auto", "gpu" or "cpu".
VOXTRAL_TTS_API const char* to_string(Device device) noexcept;
VOXTRAL_TTS_API std::optional<Device> device_from(
    std::string_view name) noexcept;

// Where the rows that a voice leaves in the model's KV cache are kept, so that
// a later utterance in that voice need not compute them. kMemory: while the
// Runner lives; kDisk: in files as well. Where the cache lies inside a delegate
// (MLX) only the last voice is kept. Samples do not depend on it.
enum class VoiceCache { kOff, kMemory, kDisk };

// "off", "memory" or "disk".
VOXTRAL_TTS_API const char* to_string(VoiceCache cache) noexcept;
VOXTRAL_TTS_API std::optional<VoiceCache> voice_cache_from(
    std::string_view name) noexcept;

struct LoadOptions {
  std::filesystem::path tokenizer; // empty: tekken.json beside the model
  std::filesystem::path voices; // empty: voice_embedding/ beside the tokenizer
  int num_threads = 0;  // of this process, set by its first Runner; 0: all CPUs
  bool warm_up = false; // run every method once while loading
  Device device = Device::kAuto;
  VoiceCache voice_cache = VoiceCache::kDisk;
  std::filesystem::path cache_dir; // empty: $VOXTRAL_TTS_CACHE, else
                                   // voxtral_tts in the user's cache folder
  int voices_in_memory = 4; // besides the last one; each takes voice_rows + 2
                            // rows of the KV cache
  bool verify = false; // compare the SHA-256 of the whole program files with
                       // manifest.json, not only when a file is new
};

struct SynthesisOptions {
  std::string voice;        // a name, a .pt/.safetensors path or a blend of
                            // such, "a:0.6+b:0.4" (docs/voices.md); empty:
                            // neutral_female, else the first by name
  uint64_t seed = 42;       // same seed, files and options: same samples
  float temperature = 0.0f; // of the semantic code; 0 is greedy, as the model's
                            // authors run it; at most 100
  std::optional<float> cfg_alpha; // guidance weight, -100 to 100; empty: the
                                  // model's own; others are not as its authors
                                  // run it
  std::optional<int> flow_steps;  // Euler steps per frame, which are fixed when
                                  // the model is exported: another number than
                                  // the file's is an error
  std::optional<int> max_frames; // limit in frames of 80 ms; empty: the model's
                                 // default budget
  int chunk_frames = 0;          // frames per chunk; 0: the codec's schedule
  bool record_trace = false; // keep SpeechStream::trace(), in memory reserved
                             // at the start: 64 bytes per frame of the limit
};

} // namespace voxtral_tts
