// Attention on the CPU with float32 sums, as an MLX primitive.
#pragma once

#include <optional>

#include <mlx/mlx.h>

namespace voxtral_tts::mlx_delegate {

namespace mx = mlx::core;

// softmax(q k^T * scale + mask) v for q [B, H, T, D], k [B, Hkv, S, D] and
// v [B, Hkv, S, Dv], of one floating dtype: [B, H, T, Dv] in it. Query heads
// h * H / Hkv ... share key head h. Operands may have any strides: a slice of a
// cache is read where it is. A boolean mask (true: attend) or one to be added
// (a floating type) broadcasts to [B, H, T, S]. Causal: query t sees keys up to
// S - T + t. Rows that see no key at all are zero. NaN and infinities among
// what a row sees spread over that row. Throws std::invalid_argument.
mx::array sdpa(
    const mx::array& q,
    const mx::array& k,
    const mx::array& v,
    float scale,
    const std::optional<mx::array>& mask,
    bool causal,
    mx::Stream stream);

} // namespace voxtral_tts::mlx_delegate
