#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>

#include "kernels/levels.h"
#include "simd/target.h"

#if defined(__x86_64__)
VOXTRAL_TTS_TARGET("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")
#include "kernels/vector_avx512.h"
// After the vectors.
#include "kernels/drive.h"

namespace voxtral_tts::mlx_delegate {
namespace {

struct Avx512 {
  using Vector = Avx512Vector;
  static constexpr bool kBfloat16Dot = false;
};

} // namespace

const Kernels* avx512_kernels() {
  return &kTable<Avx512>;
}

} // namespace voxtral_tts::mlx_delegate
VOXTRAL_TTS_TARGET_END
#else
namespace voxtral_tts::mlx_delegate {
const Kernels* avx512_kernels() {
  return nullptr;
}
} // namespace voxtral_tts::mlx_delegate
#endif
