#include "kernels/levels.h"

namespace voxtral_tts::mlx_delegate {

const Kernels& kernels(simd::Level level) {
  const Kernels* table = nullptr;
  switch (level) {
    case simd::Level::kAvx2:
      table = avx2_kernels();
      break;
    case simd::Level::kAvx512:
    case simd::Level::kAvx512Vnni: // gives float products nothing
      table = avx512_kernels();
      break;
    case simd::Level::kAvx512Bf16:
      table = avx512_bf16_kernels();
      break;
    default:
      break;
  }
  return table != nullptr ? *table : *baseline_kernels();
}

} // namespace voxtral_tts::mlx_delegate
