// A .pt voice file: the archive, the pickle in it, the tensor.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "fuzz.h"
#include "prompt/voice_embedding.h"
#include "zip.h"

using namespace voxtral_tts;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int kDim = 8; // as in tests/data/voices
  constexpr int kMaxRows = 32;
  fuzz::reads(ErrorClass::kVoice, [&] {
    const auto voice = prompt::parse_voice_embedding(
        fuzz::bytes_of(data, size), prompt::VoiceFormat::kPt, kDim, kMaxRows);
    fuzz::require(voice.rows >= 1 && voice.rows <= kMaxRows, "rows in range");
    fuzz::require(
        voice.dim == kDim &&
            voice.values.size() == static_cast<size_t>(voice.rows) * kDim,
        "rows of the model's width");
    for (const float value : voice.values) {
      fuzz::require(std::isfinite(value), "finite values");
    }
  });
  return 0;
}

namespace {

std::string mutate(const std::string& text) {
  std::string out = text;
  out.resize(text.size() + 64);
  out.resize(LLVMFuzzerMutate(
      reinterpret_cast<uint8_t*>(out.data()), text.size(), out.size()));
  return out;
}

} // namespace

// Every other input has one entry changed and is a sound archive else, or
// sizes and CRC-32 would turn nearly all of them back at the door.
extern "C" size_t LLVMFuzzerCustomMutator(
    uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  if (seed % 2 == 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  seed /= 2;
  auto entries = fuzz::split_zip(fuzz::text_of(data, size));
  if (entries.empty()) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  // Mostly data.pkl, which comes first.
  fuzz::ZipEntry& entry =
      entries[seed % 4 != 0 ? 0 : (seed / 4) % entries.size()];
  std::string& changed = seed % 32 == 0 ? entry.name : entry.data;
  changed = mutate(changed);
  const std::string file = fuzz::join_zip(entries, (seed / 32) % 2 == 0);
  if (file.size() > max_size) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  std::memcpy(data, file.data(), file.size());
  return file.size();
}
