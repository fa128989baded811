// A .safetensors voice file.
#include <cmath>
#include <cstring>

#include "fuzz.h"
#include "prompt/voice_embedding.h"

using namespace voxtral_tts;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int kDim = 8; // as in tests/data/voices
  constexpr int kMaxRows = 32;
  fuzz::reads(ErrorClass::kVoice, [&] {
    const auto voice = prompt::parse_voice_embedding(
        fuzz::bytes_of(data, size),
        prompt::VoiceFormat::kSafetensors,
        kDim,
        kMaxRows);
    fuzz::require(voice.rows >= 1 && voice.rows <= kMaxRows, "rows in range");
    fuzz::require(
        voice.values.size() == static_cast<size_t>(voice.rows) * kDim,
        "rows of the model's width");
    for (const float value : voice.values) {
      fuzz::require(std::isfinite(value), "finite values");
    }
  });
  return 0;
}

// Three of four inputs have their header changed and its length put right.
extern "C" size_t LLVMFuzzerCustomMutator(
    uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  constexpr size_t kLength = 8;
  uint64_t header = 0;
  if (size > kLength) {
    std::memcpy(&header, data, kLength);
  }
  if (seed % 4 == 0 || header == 0 || header > size - kLength) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  const std::string rest(
      reinterpret_cast<const char*>(data) + kLength + header,
      size - kLength - header);
  header = LLVMFuzzerMutate(
      data + kLength, header, max_size - kLength - rest.size());
  std::memcpy(data, &header, kLength);
  std::memcpy(data + kLength + header, rest.data(), rest.size());
  return kLength + header + rest.size();
}
