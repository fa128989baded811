// The pickle of a .pt voice file alone, which takes more inputs per second
// than voice_pt.
#include "fuzz.h"
#include "prompt/pt_pickle.h"

using namespace voxtral_tts;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reads(ErrorClass::kVoice, [&] {
    const auto tensor = prompt::read_pickled_tensor(fuzz::bytes_of(data, size));
    fuzz::require(
        tensor.shape.size() == tensor.strides.size(), "a stride per size");
    fuzz::require(tensor.shape.size() <= 8, "at most 8 dimensions");
    fuzz::require(tensor.storage_key.size() <= size, "a key from the pickle");
  });
  return 0;
}
