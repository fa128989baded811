// Memory of MLX's for the data of an array.
#pragma once

#include <cstddef>
#include <new>

#include <mlx/allocator.h>

namespace voxtral_tts::mlx_delegate {

// MLX's allocator for CPUs returns null where there is none, and MLX writes to
// it. That for Apple's GPUs returns null for no bytes, which is fine.
inline mlx::core::allocator::Data checked_malloc(size_t bytes) {
  auto data = mlx::core::allocator::malloc(bytes);
  if (bytes != 0 && data.buffer().ptr() == nullptr) {
    throw std::bad_alloc();
  }
  return data;
}

} // namespace voxtral_tts::mlx_delegate
