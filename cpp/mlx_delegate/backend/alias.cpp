#include "backend/alias.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <type_traits>
#include <utility>

// Note [Aliasing]: MLX 0.32's CPU backend copies whatever it is given, which
// doubles a model's memory. Its allocator keeps a size in front of each block,
// and a Buffer points to that; so a Buffer 8 bytes before the data reads the
// data. The size itself is read only for blocks MLX owns, which these are not.

namespace voxtral_tts::mlx_delegate {
namespace {

constexpr size_t kHeader = sizeof(size_t);

// MLX 0.32.2, which a Mac runs, takes a buffer and its release apart.
template <typename Array, typename Release>
Array array_of(
    mx::allocator::Buffer buffer,
    mx::Shape shape,
    mx::Dtype dtype,
    Release release) {
  using mx::allocator::Buffer;
  if constexpr (
      std::is_constructible_v<Array, Buffer, mx::Shape, mx::Dtype, Release>) {
    return Array(buffer, std::move(shape), dtype, std::move(release));
  } else {
    return Array(
        typename Array::Data(buffer, std::move(release)),
        std::move(shape),
        dtype);
  }
}

bool try_alias() {
  // Room on both sides, so that another layout cannot harm anything.
  constexpr size_t kMargin = 64;
  constexpr int kCount = 16;
  constexpr float kGuard = -1.0f;
  alignas(64) std::array<float, kMargin + kCount + kMargin> memory;
  memory.fill(kGuard);
  float* const data = memory.data() + kMargin;
  std::fill_n(data, kCount, 2.0f);
  const auto owner = std::make_shared<int>(0);
  bool right = false;
  {
    const mx::array x = alias(data, {kCount}, mx::float32, owner);
    if (x.data<float>() == data && owner.use_count() == 2) {
      mx::array sum = mx::sum(
          mx::add(x, mx::array(1.0f), mx::Device::cpu), mx::Device::cpu);
      right = sum.item<float>() == 3.0f * kCount;
    }
  }
  const auto guards = std::count(memory.begin(), memory.end(), kGuard);
  return right && owner.use_count() == 1 && guards == 2 * kMargin;
}

} // namespace

bool can_alias() {
  static const bool can = [] {
    try {
      return try_alias();
    } catch (const std::exception&) {
      return false; // then constants are copied
    }
  }();
  return can;
}

bool is_aligned(const void* data) {
  return reinterpret_cast<uintptr_t>(data) % kHeader == 0;
}

mx::array alias(
    const void* data,
    mx::Shape shape,
    mx::Dtype dtype,
    std::shared_ptr<const void> owner) {
  auto* const block = const_cast<char*>(static_cast<const char*>(data));
  return array_of<mx::array>(
      mx::allocator::Buffer(block - kHeader),
      std::move(shape),
      dtype,
      [owner = std::move(owner)](mx::allocator::Buffer) {});
}

} // namespace voxtral_tts::mlx_delegate
