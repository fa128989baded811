// Writes FlatBuffers, from the leaves to the root, for payloads that no
// exporter would write. Nothing is shared, and every object is 8-aligned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace voxtral_tts::mlx_delegate {

// A place in the buffer, counted from its end, as it grows to the front.
struct Offset {
  size_t from_end = 0;
};

class FlatBufferWriter {
 public:
  using Field = std::variant<
      std::monostate,
      bool,
      int8_t,
      uint8_t,
      int32_t,
      uint32_t,
      int64_t,
      Offset>;

  // Field i is fields[i]; monostate: absent.
  Offset table(const std::vector<Field>& fields) {
    const size_t entries = 2 * (2 + fields.size());
    const size_t vtable = (entries + 7) / 8 * 8;
    const size_t object = 8 * (1 + fields.size());
    std::vector<std::byte> bytes(vtable + object);
    const Offset start = grow(bytes.size() - vtable);
    put(bytes, 0, static_cast<uint16_t>(entries));
    put(bytes, 2, static_cast<uint16_t>(object));
    put(bytes, vtable, static_cast<int32_t>(vtable));
    for (size_t i = 0; i < fields.size(); ++i) {
      const size_t place = 8 * (1 + i);
      std::visit(
          [&](auto value) {
            using T = decltype(value);
            if constexpr (!std::is_same_v<T, std::monostate>) {
              put(bytes, 4 + 2 * i, static_cast<uint16_t>(place));
              if constexpr (std::is_same_v<T, Offset>) {
                put(bytes, vtable + place, distance(start, place, value));
              } else {
                put(bytes, vtable + place, value);
              }
            }
          },
          fields[i]);
    }
    grow(vtable);
    bytes_.insert(bytes_.begin(), bytes.begin(), bytes.end());
    return start;
  }

  Offset vector(const std::vector<Offset>& items) {
    std::vector<std::byte> bytes((4 + 4 * items.size() + 7) / 8 * 8);
    const Offset start = grow(bytes.size());
    put(bytes, 0, static_cast<uint32_t>(items.size()));
    for (size_t i = 0; i < items.size(); ++i) {
      put(bytes, 4 + 4 * i, distance(start, 4 + 4 * i, items[i]));
    }
    bytes_.insert(bytes_.begin(), bytes.begin(), bytes.end());
    return start;
  }

  Offset string(const std::string& text) {
    std::vector<std::byte> bytes((4 + text.size() + 8) / 8 * 8);
    const Offset start = grow(bytes.size());
    put(bytes, 0, static_cast<uint32_t>(text.size()));
    std::memcpy(bytes.data() + 4, text.data(), text.size());
    bytes_.insert(bytes_.begin(), bytes.begin(), bytes.end());
    return start;
  }

  // With the header of a payload.
  std::vector<std::byte> finish(Offset root) {
    std::vector<std::byte> payload(24 + 8 + bytes_.size());
    std::memcpy(payload.data() + 4, "MLX0", 4);
    put(payload, 8, uint64_t{32 + bytes_.size()});
    put(payload, 24, static_cast<uint32_t>(8 + bytes_.size() - root.from_end));
    std::memcpy(payload.data() + 32, bytes_.data(), bytes_.size());
    return payload;
  }

 private:
  template <typename T>
  static void put(std::vector<std::byte>& bytes, size_t at, T value) {
    std::memcpy(bytes.data() + at, &value, sizeof(value));
  }
  Offset grow(size_t size) {
    size_ += size;
    return {size_};
  }
  static uint32_t distance(Offset object, size_t place, Offset target) {
    return static_cast<uint32_t>(object.from_end - place - target.from_end);
  }

  std::vector<std::byte> bytes_;
  size_t size_ = 0;
};

} // namespace voxtral_tts::mlx_delegate
