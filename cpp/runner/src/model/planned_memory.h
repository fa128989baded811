// The memory a method's plan asks for, straight from the operating system:
// zeroed, and resident only where it was touched. A KV cache for 4,096 rows is
// 872 MB of address space of which a short utterance touches a tenth.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <executorch/runtime/core/hierarchical_allocator.h>

namespace voxtral_tts::model {

class MappedBuffer {
 public:
  // Throws std::bad_alloc.
  explicit MappedBuffer(size_t size) : size_(size) {
    if (size_ == 0) {
      return;
    }
    void* memory = ::mmap(
        nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (memory == MAP_FAILED) {
      throw std::bad_alloc();
    }
    data_ = static_cast<uint8_t*>(memory);
  }
  MappedBuffer(MappedBuffer&& other) noexcept
      : data_(other.data_), size_(other.size_) {
    other.data_ = nullptr;
  }
  MappedBuffer& operator=(MappedBuffer&&) = delete;
  ~MappedBuffer() {
    if (data_ != nullptr) {
      ::munmap(data_, size_);
    }
  }

  executorch::runtime::Span<uint8_t> span() {
    return {data_, size_};
  }

 private:
  uint8_t* data_ = nullptr;
  size_t size_;
};

// All buffers of one method.
class PlannedBuffers {
 public:
  // `sizes` in bytes; `method` names file and method in messages. Throws
  // Error{kModelLoad} for a negative size or one that cannot be had.
  PlannedBuffers(const std::vector<int64_t>& sizes, const std::string& method);

  executorch::runtime::HierarchicalAllocator* allocator() {
    return &*allocator_;
  }

 private:
  std::vector<MappedBuffer> buffers_;
  std::vector<executorch::runtime::Span<uint8_t>> spans_;
  std::optional<executorch::runtime::HierarchicalAllocator> allocator_;
};

} // namespace voxtral_tts::model
