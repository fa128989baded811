#include "simd/level.h"

#include <atomic>
#include <cstdlib>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#ifndef HWCAP_ASIMDDP
#define HWCAP_ASIMDDP (1 << 20)
#endif
#endif

namespace voxtral_tts::simd {
namespace {

constexpr const char* kVariable = "VOXTRAL_TTS_CPU";

std::string_view variable() {
  const char* value = std::getenv(kVariable);
  return value != nullptr ? value : "";
}

// nullptr unless `name` is a level of this machine.
const Level* find_level(std::string_view name) {
  for (const Level& level : kLevels) {
    if (name == to_string(level) && has_level(level)) {
      return &level;
    }
  }
  return nullptr;
}

Level first_level() {
  if (const Level* wanted = find_level(variable())) {
    return *wanted;
  }
  Level best = Level::kBaseline;
  for (const Level level : kLevels) {
    best = has_level(level) ? level : best;
  }
  return best;
}

std::atomic<Level>& current_level() {
  static std::atomic<Level> level = first_level();
  return level;
}

} // namespace

const char* to_string(Level level) {
  switch (level) {
    case Level::kBaseline:
      return "baseline";
    case Level::kAvx2:
      return "avx2";
    case Level::kAvx512:
      return "avx512";
    case Level::kAvx512Vnni:
      return "avx512_vnni";
    case Level::kAvx512Bf16:
      return "avx512_bf16";
    case Level::kNeonDot:
      return "neon_dot";
  }
  return "baseline";
}

bool has_level(Level level) {
  switch (level) {
    case Level::kBaseline:
      return true;
#if defined(__x86_64__)
    case Level::kAvx2:
      // Every CPU with AVX2 converts float16; GCC 12 cannot ask about f16c.
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Level::kAvx512:
      return has_level(Level::kAvx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
    case Level::kAvx512Vnni:
      return has_level(Level::kAvx512) && __builtin_cpu_supports("avx512vnni");
    case Level::kAvx512Bf16:
      return has_level(Level::kAvx512Vnni) &&
             __builtin_cpu_supports("avx512bf16");
#elif defined(__aarch64__) && defined(__APPLE__)
    case Level::kNeonDot:
      return true; // every Apple Silicon has it
#elif defined(__aarch64__) && defined(__linux__)
    case Level::kNeonDot:
      return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#endif
    default:
      return false;
  }
}

Level level() {
  return current_level();
}

std::string level_problem(std::string_view wanted) {
  if (wanted.empty() || find_level(wanted) != nullptr) {
    return "";
  }
  std::string problem = kVariable;
  problem.append("='").append(wanted).append(
      "' is no level of this CPU, which has");
  for (const Level level : kLevels) {
    if (has_level(level)) {
      problem.append(level == Level::kBaseline ? " " : ", ");
      problem.append(to_string(level));
    }
  }
  return problem;
}

std::string level_problem() {
  return level_problem(variable());
}

bool set_level(Level level) {
  if (!has_level(level)) {
    return false;
  }
  current_level() = level;
  return true;
}

} // namespace voxtral_tts::simd
