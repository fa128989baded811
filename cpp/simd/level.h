// Which instructions the kernels may use, chosen once for all of them.
#pragma once

#include <string>
#include <string_view>

namespace voxtral_tts::simd {

// From what the compiler's target always has (NEON on aarch64) upwards; each
// level of one architecture has what the ones before it have. Kernels that
// gain nothing from a level use the code of the next lower one.
enum class Level {
  kBaseline,
  kAvx2, // with FMA and F16C
  kAvx512,
  kAvx512Vnni,
  kAvx512Bf16,
  kNeonDot,
};

inline constexpr Level kLevels[] = {
    Level::kBaseline,
    Level::kAvx2,
    Level::kAvx512,
    Level::kAvx512Vnni,
    Level::kAvx512Bf16,
    Level::kNeonDot};

// As VOXTRAL_TTS_CPU spells it: "baseline", "avx2", ...
const char* to_string(Level level);

// Whether this machine can run the level's code.
bool has_level(Level level);

// The best level of this machine, or the one that VOXTRAL_TTS_CPU names when
// it has that. Thread-safe.
Level level();

// What is wrong with `wanted` as VOXTRAL_TTS_CPU, in words; empty when nothing
// is.
std::string level_problem(std::string_view wanted);
// The same of what the variable holds.
std::string level_problem();

// For tests and for comparing: false, and no change, where the machine lacks
// the level.
bool set_level(Level level);

} // namespace voxtral_tts::simd
