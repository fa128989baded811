// Scratch memory for operators. The runtime's own allocator takes every piece
// from malloc and gives it back after each instruction; this one keeps what it
// once had, so that frames allocate nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <executorch/runtime/core/memory_allocator.h>

namespace voxtral_tts::model {

// One block that grows to the most that an instruction needed.
class TempMemory final : public executorch::runtime::MemoryAllocator {
 public:
  TempMemory() : MemoryAllocator(0, nullptr) {
  }

  // nullptr when there is no memory. Valid until reset().
  void* allocate(size_t size, size_t alignment = kDefaultAlignment) override {
    if (!isPowerOf2(alignment) || size > SIZE_MAX - alignment) {
      return nullptr;
    }
    if (void* fits = from_block(size, alignment)) {
      return fits;
    }
    try { // the runtime, which calls, knows no exceptions
      extra_.push_back(
          std::make_unique_for_overwrite<uint8_t[]>(size + alignment));
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
    wanted_ += size + alignment;
    return alignPointer(extra_.back().get(), alignment);
  }

  // Takes one block for what this instruction had in pieces.
  void reset() override {
    if (!extra_.empty()) {
      extra_.clear();
      block_.reset(new (std::nothrow) uint8_t[wanted_]);
      size_ = block_ ? wanted_ : 0;
    }
    used_ = wanted_ = 0;
  }

 private:
  void* from_block(size_t size, size_t alignment) {
    if (size + alignment > size_ - used_) {
      return nullptr;
    }
    void* result = alignPointer(block_.get() + used_, alignment);
    used_ += size + alignment;
    wanted_ += size + alignment;
    return result;
  }

  std::unique_ptr<uint8_t[]> block_;
  size_t size_ = 0;
  size_t used_ = 0;
  size_t wanted_ = 0; // since the last reset, alignment included
  std::vector<std::unique_ptr<uint8_t[]>> extra_;
};

} // namespace voxtral_tts::model
