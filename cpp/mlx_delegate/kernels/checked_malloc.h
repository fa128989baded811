// Memory of MLX's for the data of an array.
#pragma once

#include <cstddef>
#include <new>

#include <mlx/allocator.h>

namespace voxtral_tts::mlx_delegate {

// The block that MLX's memory begins with; 0.32.2 has a bare Buffer for it.
template <typename Memory>
const void* block_of(const Memory& memory) {
  if constexpr (requires { memory.buffer(); }) {
    return memory.buffer().ptr();
  } else {
    return memory.ptr();
  }
}

// MLX's allocator for CPUs returns null where there is none, and MLX writes to
// it. That for Apple's GPUs returns null for no bytes, which is fine.
inline auto checked_malloc(size_t bytes) {
  auto memory = mlx::core::allocator::malloc(bytes);
  if (bytes != 0 && block_of(memory) == nullptr) {
    throw std::bad_alloc();
  }
  return memory;
}

} // namespace voxtral_tts::mlx_delegate
