// manifest.json beside the programs.
#include "model/manifest.h"
#include "fuzz.h"

using namespace voxtral_tts;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reads(ErrorClass::kModelLoad, [&] {
    const auto entry =
        model::find_in_manifest(fuzz::bytes_of(data, size), "model.pte");
    if (entry.has_value()) {
      fuzz::require(entry->sha256.size() == 64, "a whole hash");
      uint64_t end = 0;
      for (const auto& [offset, bytes] : entry->interpreted) {
        fuzz::require(offset >= end, "ranges in order");
        end = offset + bytes;
        fuzz::require(end >= offset && end <= entry->bytes, "inside the file");
      }
      const size_t digits = entry->interpreted_sha256.size();
      fuzz::require(digits == 0 || digits == 64, "a whole hash, or none");
    }
  });
  return 0;
}
