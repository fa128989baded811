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
      fuzz::require(
          entry->program_bytes <= entry->bytes, "a program inside its file");
      fuzz::require(
          entry->program_sha256.empty() || entry->program_sha256.size() == 64,
          "a whole hash of the program, or none");
    }
  });
  return 0;
}
