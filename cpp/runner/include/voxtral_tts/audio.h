// Audio samples: float32, mono, nominally in [-1, 1].
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "voxtral_tts/export.h"

namespace voxtral_tts {

// A piece of an utterance, in order and without gaps: the samples of all
// chunks, joined, are the utterance.
struct AudioChunk {
  std::vector<float> samples;
  std::vector<int64_t> codes; // [frames, n_codebooks], see docs/contract.md
  int index = 0;              // 0, 1, ... within the utterance
  bool is_final = false;      // no chunk follows; samples may then be empty
  int64_t first_frame = 0;    // codec frame (80 ms) of samples[0]
  int frames = 0;             // codec frames in this chunk
};

// Rounds to the nearest of 65,535 levels, 1.0 -> 32767 and -1.0 -> -32767, and
// saturates beyond. NaN becomes 0; sinks refuse it before it gets here.
VOXTRAL_TTS_API int16_t to_s16(float sample) noexcept;

// Append the samples as little-endian bytes, on every machine: to_s16 of each
// (2 bytes), or each float as it is (4 bytes, not limited to [-1, 1]).
VOXTRAL_TTS_API void append_s16le(
    std::span<const float> samples, std::vector<std::byte>& bytes);
VOXTRAL_TTS_API void append_f32le(
    std::span<const float> samples, std::vector<std::byte>& bytes);

} // namespace voxtral_tts
