// Bounds-checked views of a FlatBuffer. Everything throws PayloadError for
// bytes that are not one.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace voxtral_tts::mlx_delegate {

struct PayloadError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

static_assert(std::endian::native == std::endian::little);

// The bytes that all views read. What is read is charged for: offsets may
// point many times to one place, and a small payload may not grow without end.
class FlatBuffer {
 public:
  explicit FlatBuffer(std::span<const std::byte> bytes);
  FlatBuffer(const FlatBuffer&) = delete;
  FlatBuffer& operator=(const FlatBuffer&) = delete;

  // Fields need not be aligned, and a bool may be any byte.
  template <typename T>
  T at(size_t position) const {
    require(position, sizeof(T));
    if constexpr (std::is_same_v<T, bool>) {
      return bytes_[position] != std::byte{0};
    } else {
      T value;
      std::memcpy(&value, bytes_.data() + position, sizeof(T));
      return value;
    }
  }
  // The place that an offset at `position` points to.
  size_t follow(size_t position) const {
    return position + at<uint32_t>(position);
  }
  std::string string(size_t position) const;

  // Throws unless `size` bytes at `position` are inside.
  void require(size_t position, size_t size) const;
  void charge(size_t size) const;

 private:
  std::span<const std::byte> bytes_;
  mutable size_t budget_;
};

class FlatTable;

class FlatVector {
 public:
  // As the exporter's own runtime has it.
  static constexpr size_t kMaxSize = 1'000'000;

  FlatVector(const FlatBuffer& buffer, size_t position, size_t item_size);

  size_t size() const {
    return size_;
  }
  template <typename T>
  T scalar(size_t i) const {
    return buffer_->at<T>(items_ + i * item_size_);
  }
  FlatTable table(size_t i) const;
  std::string string(size_t i) const;

 private:
  const FlatBuffer* buffer_;
  size_t size_;
  size_t items_;
  size_t item_size_;
};

// Fields by id, which is their place in the schema; nullopt when absent.
class FlatTable {
 public:
  FlatTable(const FlatBuffer& buffer, size_t position);

  template <typename T>
  std::optional<T> scalar(size_t id) const {
    const auto place = field(id, sizeof(T));
    return place ? std::optional<T>(buffer_->at<T>(*place)) : std::nullopt;
  }
  std::optional<FlatTable> table(size_t id) const;
  std::optional<std::string> string(size_t id) const;
  std::optional<FlatVector> vector(size_t id, size_t item_size) const;

 private:
  std::optional<size_t> field(size_t id, size_t size) const;

  const FlatBuffer* buffer_;
  size_t position_;
  size_t vtable_;
  size_t vtable_size_;
  size_t size_;
};

} // namespace voxtral_tts::mlx_delegate
