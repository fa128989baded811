// Checks on samples before they become bytes; the conversions themselves are
// public, in voxtral_tts/audio.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "voxtral_tts/audio.h"

namespace voxtral_tts::audio {

// Index of the first NaN or infinity.
std::optional<size_t> find_non_finite(std::span<const float> samples);

// Throws Error{kNumeric} that names the codec frame of the first NaN or
// infinity; samples[0] is the first sample of frame `first_frame`, a frame has
// `samples_per_frame` > 0 samples.
void check_finite(
    std::span<const float> samples, int64_t first_frame, int samples_per_frame);

} // namespace voxtral_tts::audio
