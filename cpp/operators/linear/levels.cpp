#include "operators/linear/levels.h"

#include <atomic>
#include <initializer_list>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#ifndef HWCAP_ASIMDDP
#define HWCAP_ASIMDDP (1 << 20)
#endif
#endif

namespace voxtral_tts::operators {
namespace {

bool supported(DotLevel level) {
#if defined(__x86_64__)
  switch (level) {
    case DotLevel::kBaseline:
      return true;
    case DotLevel::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case DotLevel::kDot:
      return __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512vnni");
  }
  return false;
#elif defined(__aarch64__) && defined(__APPLE__)
  return level != DotLevel::kAvx2; // every Apple Silicon has it
#elif defined(__aarch64__) && defined(__linux__)
  return level == DotLevel::kBaseline ||
         (level == DotLevel::kDot &&
          (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0);
#else
  return level == DotLevel::kBaseline;
#endif
}

DotLevel best_level() {
  for (const DotLevel level : {DotLevel::kDot, DotLevel::kAvx2}) {
    if (supported(level)) {
      return level;
    }
  }
  return DotLevel::kBaseline;
}

std::atomic<DotLevel>& current_level() {
  static std::atomic<DotLevel> level = best_level();
  return level;
}

} // namespace

DotLevel dot_level() {
  return current_level();
}

bool set_dot_level(DotLevel level) {
  if (!supported(level)) {
    return false;
  }
  current_level() = level;
  return true;
}

MultiplyTile multiply_tile_at(DotLevel level) {
#if defined(__x86_64__)
  if (level == DotLevel::kAvx2) {
    return avx2_multiply_tile();
  }
#endif
#if defined(__x86_64__) || defined(__aarch64__)
  if (level == DotLevel::kDot) {
    return dot_multiply_tile();
  }
#endif
  return baseline_multiply_tile();
}

} // namespace voxtral_tts::operators
