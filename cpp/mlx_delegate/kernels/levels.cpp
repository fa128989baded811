#include "kernels/levels.h"

#include <atomic>
#include <initializer_list>

namespace voxtral_tts::mlx_delegate {
namespace {

bool supported(SimdLevel level) {
#if defined(__x86_64__)
  switch (level) {
    case SimdLevel::kBaseline:
      return true;
    case SimdLevel::kAvx2:
      // Every CPU with AVX2 converts float16; GCC 12 cannot ask about f16c.
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case SimdLevel::kAvx512:
      return __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
    case SimdLevel::kAvx512Bf16:
      return supported(SimdLevel::kAvx512) &&
             __builtin_cpu_supports("avx512bf16");
  }
  return false;
#else
  return level == SimdLevel::kBaseline;
#endif
}

SimdLevel best_level() {
  for (const SimdLevel level :
       {SimdLevel::kAvx512Bf16, SimdLevel::kAvx512, SimdLevel::kAvx2}) {
    if (supported(level)) {
      return level;
    }
  }
  return SimdLevel::kBaseline;
}

std::atomic<SimdLevel>& current_level() {
  static std::atomic<SimdLevel> level = best_level();
  return level;
}

} // namespace

SimdLevel simd_level() {
  return current_level();
}

bool set_simd_level(SimdLevel level) {
  if (!supported(level)) {
    return false;
  }
  current_level() = level;
  return true;
}

const Kernels& kernels(SimdLevel level) {
  const Kernels* table = nullptr;
  switch (level) {
    case SimdLevel::kBaseline:
      break;
    case SimdLevel::kAvx2:
      table = avx2_kernels();
      break;
    case SimdLevel::kAvx512:
      table = avx512_kernels();
      break;
    case SimdLevel::kAvx512Bf16:
      table = avx512_bf16_kernels();
      break;
  }
  return table != nullptr ? *table : *baseline_kernels();
}

} // namespace voxtral_tts::mlx_delegate
