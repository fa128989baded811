// Matrix products on the CPU with float32 accumulation, as MLX primitives.
// MLX's own x86 kernels use SSE2 on one core and accumulate in the operands'
// type (4-bit weights in bfloat16: 6 % wrong per product).
#pragma once

#include <optional>

#include <mlx/mlx.h>

namespace voxtral_tts::mlx_delegate {

namespace mx = mlx::core;

// x [..., M, K] times the transpose of an affine-quantised w [N, K * bits / 32]
// (uint32, lowest bits first; value = scale * q + bias per `group_size`
// inputs):
// [..., M, N] in x's dtype. bits is 2, 4 or 8; x float32, float16 or bfloat16,
// scales and biases [N, K / group_size] of any of these. `stream` is a CPU
// stream. Throws std::invalid_argument for other operands.
mx::array quantized_matmul(
    const mx::array& x,
    const mx::array& w,
    const mx::array& scales,
    const mx::array& biases,
    int group_size,
    int bits,
    mx::Stream stream);

// Whether quantized_matmul takes these operands (else: MLX's own, in float32).
bool supports_quantized_matmul(
    const mx::array& x, const mx::array& w, int group_size, int bits);

// a [..., M, K] times b [..., K, N], of one floating dtype: [..., M, N] in it;
// leading dimensions of b broadcast with a's. Fast when b is a transposed view
// of [N, K] weights; any other layout of b is copied first. Throws
// std::invalid_argument for other operands.
mx::array matmul(const mx::array& a, const mx::array& b, mx::Stream stream);

} // namespace voxtral_tts::mlx_delegate
