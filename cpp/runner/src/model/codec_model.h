// What the codec stream needs of codec_decoder.pte.
#pragma once

#include <cstdint>
#include <span>

#include "model/metadata.h"

namespace voxtral_tts::model {

// Not thread-safe. Throws Error{kInternal} when the runtime fails.
class CodecModel {
 public:
  virtual ~CodecModel() = default;

  virtual const CodecInfo& info() const = 0;

  // codes [n * n_codebooks], 1 <= n <= max_chunk_frames, follow the frames
  // decoded before; `position` is the first one's index and 0 resets. Returns
  // [n * samples_per_frame], valid until the next call.
  virtual std::span<const float> decode(
      std::span<const int64_t> codes, int64_t position) = 0;

  // Frames handed to decode() since the model was loaded.
  virtual int64_t decoded_frames() const = 0;
};

} // namespace voxtral_tts::model
