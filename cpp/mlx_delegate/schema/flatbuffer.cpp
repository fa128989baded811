#include "schema/flatbuffer.h"

namespace voxtral_tts::mlx_delegate {
namespace {

size_t vtable_of(const FlatBuffer& buffer, size_t table) {
  const auto position = static_cast<int64_t>(table) -
                        static_cast<int64_t>(buffer.at<int32_t>(table));
  if (position < 0) {
    throw PayloadError("an offset points outside the payload");
  }
  return static_cast<size_t>(position);
}

} // namespace

// A true payload is read about once, but for the strings that nodes share.
FlatBuffer::FlatBuffer(std::span<const std::byte> bytes)
    : bytes_(bytes), budget_(4 * bytes.size() + 4096) {
}

void FlatBuffer::require(size_t position, size_t size) const {
  if (position > bytes_.size() || size > bytes_.size() - position) {
    throw PayloadError("an offset points outside the payload");
  }
}

void FlatBuffer::charge(size_t size) const {
  if (size > budget_) {
    throw PayloadError("the payload refers to its parts too often");
  }
  budget_ -= size;
}

std::string FlatBuffer::string(size_t position) const {
  const auto size = at<uint32_t>(position);
  require(position + 4, size);
  charge(4 + size_t{size});
  return {reinterpret_cast<const char*>(bytes_.data()) + position + 4, size};
}

FlatTable::FlatTable(const FlatBuffer& buffer, size_t position)
    : buffer_(&buffer),
      position_(position),
      vtable_(vtable_of(buffer, position)),
      vtable_size_(buffer.at<uint16_t>(vtable_)),
      size_(buffer.at<uint16_t>(vtable_ + 2)) {
  buffer.require(vtable_, vtable_size_);
  buffer.require(position_, size_);
  buffer.charge(4 + size_);
}

std::optional<size_t> FlatTable::field(size_t id, size_t size) const {
  const size_t entry = 4 + 2 * id;
  if (entry + 2 > vtable_size_) {
    return std::nullopt;
  }
  const auto offset = buffer_->at<uint16_t>(vtable_ + entry);
  if (offset == 0) {
    return std::nullopt;
  }
  if (offset + size > size_) {
    throw PayloadError("a field lies outside its table");
  }
  return position_ + offset;
}

std::optional<FlatTable> FlatTable::table(size_t id) const {
  const auto place = field(id, 4);
  return place ? std::optional(FlatTable(*buffer_, buffer_->follow(*place)))
               : std::nullopt;
}

std::optional<std::string> FlatTable::string(size_t id) const {
  const auto place = field(id, 4);
  return place ? std::optional(buffer_->string(buffer_->follow(*place)))
               : std::nullopt;
}

std::optional<FlatVector> FlatTable::vector(size_t id, size_t item_size) const {
  const auto place = field(id, 4);
  return place ? std::optional(
                     FlatVector(*buffer_, buffer_->follow(*place), item_size))
               : std::nullopt;
}

FlatVector::FlatVector(
    const FlatBuffer& buffer, size_t position, size_t item_size)
    : buffer_(&buffer),
      size_(buffer.at<uint32_t>(position)),
      items_(position + 4),
      item_size_(item_size) {
  if (size_ > kMaxSize) {
    throw PayloadError("a list has more than 1000000 entries");
  }
  buffer.require(items_, size_ * item_size);
  buffer.charge(4 + size_ * item_size);
}

FlatTable FlatVector::table(size_t i) const {
  return {*buffer_, buffer_->follow(items_ + i * item_size_)};
}

std::string FlatVector::string(size_t i) const {
  return buffer_->string(buffer_->follow(items_ + i * item_size_));
}

} // namespace voxtral_tts::mlx_delegate
