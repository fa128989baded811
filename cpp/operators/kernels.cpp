#include "operators/kernels.h"

namespace voxtral_tts::operators {

Kernels kernels(simd::Level level) {
  switch (level) {
#if defined(__x86_64__)
    case simd::Level::kAvx2:
      return {avx2_multiply_tile(), &avx2_row_kernels()};
    case simd::Level::kAvx512:
      return {avx2_multiply_tile(), &avx512_row_kernels()};
    case simd::Level::kAvx512Vnni:
    case simd::Level::kAvx512Bf16:
      return {avx512_vnni_multiply_tile(), &avx512_row_kernels()};
#elif defined(__aarch64__)
    case simd::Level::kNeonDot:
      return {neon_dot_multiply_tile(), &baseline_row_kernels()};
#endif
    default:
      return {baseline_multiply_tile(), &baseline_row_kernels()};
  }
}

} // namespace voxtral_tts::operators
