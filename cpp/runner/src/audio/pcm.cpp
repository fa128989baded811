#include "audio/pcm.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "voxtral_tts/error.h"

namespace voxtral_tts {
namespace {

template <typename Integer>
void append_le(Integer value, std::vector<std::byte>& bytes) {
  for (size_t i = 0; i < sizeof(value); ++i) {
    bytes.push_back(static_cast<std::byte>((value >> (8 * i)) & 0xFF));
  }
}

} // namespace

int16_t to_s16(float sample) noexcept {
  if (std::isnan(sample)) {
    return 0; // its conversion would be undefined
  }
  return static_cast<int16_t>(
      std::lrintf(std::clamp(sample, -1.0f, 1.0f) * 32767.0f));
}

void append_s16le(
    std::span<const float> samples, std::vector<std::byte>& bytes) {
  bytes.reserve(bytes.size() + samples.size() * sizeof(int16_t));
  for (const float sample : samples) {
    append_le(static_cast<uint16_t>(to_s16(sample)), bytes);
  }
}

void append_f32le(
    std::span<const float> samples, std::vector<std::byte>& bytes) {
  bytes.reserve(bytes.size() + samples.size() * sizeof(float));
  for (const float sample : samples) {
    append_le(std::bit_cast<uint32_t>(sample), bytes);
  }
}

namespace audio {

std::optional<size_t> find_non_finite(std::span<const float> samples) {
  const auto found = std::ranges::find_if(
      samples, [](float sample) { return !std::isfinite(sample); });
  if (found == samples.end()) {
    return std::nullopt;
  }
  return static_cast<size_t>(found - samples.begin());
}

void check_finite(
    std::span<const float> samples,
    int64_t first_frame,
    int samples_per_frame) {
  const auto index = find_non_finite(samples);
  if (index.has_value()) {
    const int64_t frame =
        first_frame + static_cast<int64_t>(*index) / samples_per_frame;
    throw Error(
        ErrorClass::kNumeric,
        "the codec decoded frame " + std::to_string(frame) +
            " to NaN or infinity; the model file is damaged or its export "
            "is numerically broken");
  }
}

} // namespace audio
} // namespace voxtral_tts
