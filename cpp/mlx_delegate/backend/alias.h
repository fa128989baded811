// MLX arrays on memory that somebody else owns.
#pragma once

#include <memory>

#include <mlx/mlx.h>

namespace voxtral_tts::mlx_delegate {

namespace mx = mlx::core;

// Whether MLX's CPU allocator lays memory out as `alias` relies on. Tried once
// per process.
bool can_alias();

// A CPU array that reads `data` in place and keeps `owner` as long as it lives;
// MLX never writes to it. Needs can_alias() and is_aligned(data).
mx::array alias(
    const void* data,
    mx::Shape shape,
    mx::Dtype dtype,
    std::shared_ptr<const void> owner);

bool is_aligned(const void* data);

} // namespace voxtral_tts::mlx_delegate
