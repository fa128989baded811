// Reading of untrusted binary data: every access is checked against the end
// of the data, every sum and product saturates instead of wrapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "voxtral_tts/error.h"

namespace voxtral_tts::support {

// UINT64_MAX when the result does not fit, so that a following "is it below
// the limit" check fails as it must.
constexpr uint64_t saturating_add(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

constexpr uint64_t saturating_mul(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A cursor over bytes that it does not own, little-endian. Reading past the
// end throws Error of the given class; `what` names the data in its message.
class ByteReader {
 public:
  ByteReader(
      std::span<const std::byte> data, ErrorClass error_class, std::string what)
      : data_(data), error_class_(error_class), what_(std::move(what)) {
  }

  size_t position() const {
    return position_;
  }
  size_t remaining() const {
    return data_.size() - position_;
  }

  void seek(uint64_t position) {
    if (position > data_.size()) {
      throw_short(position);
    }
    position_ = static_cast<size_t>(position);
  }

  // The next `count` bytes, as a view into the data.
  std::span<const std::byte> bytes(uint64_t count) {
    if (count > remaining()) {
      throw_short(saturating_add(position_, count));
    }
    const auto view = data_.subspan(position_, static_cast<size_t>(count));
    position_ += view.size();
    return view;
  }

  std::string_view text(uint64_t count) {
    return as_text(bytes(count));
  }
  uint8_t u8() {
    return static_cast<uint8_t>(integer(1));
  }
  uint16_t u16() {
    return static_cast<uint16_t>(integer(2));
  }
  uint32_t u32() {
    return static_cast<uint32_t>(integer(4));
  }
  uint64_t u64() {
    return integer(8);
  }

  // An unsigned integer of `count` <= 8 bytes.
  uint64_t integer(unsigned count) {
    uint64_t value = 0;
    unsigned shift = 0;
    for (const std::byte byte : bytes(count)) {
      value |= std::to_integer<uint64_t>(byte) << shift;
      shift += 8;
    }
    return value;
  }

 private:
  [[noreturn]] void throw_short(uint64_t needed) const {
    throw Error(
        error_class_,
        what_ + " is truncated or corrupt: it has " +
            std::to_string(data_.size()) + " bytes and " +
            std::to_string(needed) + " are needed");
  }

  std::span<const std::byte> data_;
  ErrorClass error_class_;
  std::string what_;
  size_t position_ = 0;
};

} // namespace voxtral_tts::support
