#include "model/planned_memory.h"

#include <cerrno>

#include "support/checked.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::model {

using executorch::runtime::HierarchicalAllocator;
using executorch::runtime::Span;

PlannedBuffers::PlannedBuffers(
    const std::vector<int64_t>& sizes, const std::string& method) {
  uint64_t needed = 0;
  for (const int64_t size : sizes) {
    if (size < 0) {
      throw Error(
          ErrorClass::kModelLoad,
          method +
              ": its memory plan is damaged; re-export with this version's "
              "python -m export");
    }
    needed = support::saturating_add(needed, static_cast<uint64_t>(size));
  }
  try {
    for (const int64_t size : sizes) {
      buffers_.emplace_back(static_cast<size_t>(size));
      spans_.push_back(buffers_.back().span());
    }
  } catch (const std::bad_alloc&) {
    throw Error(
        ErrorClass::kModelLoad,
        method + ": needs " + std::to_string(needed) +
            " bytes of memory, more than this process gets; free some, or "
            "export with a smaller --max-seq-len",
        ENOMEM);
  }
  allocator_.emplace(Span<Span<uint8_t>>(spans_.data(), spans_.size()));
}

} // namespace voxtral_tts::model
