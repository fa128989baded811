// Codec frames to samples, in chunks whose sizes follow a fixed schedule.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/codec_model.h"

namespace voxtral_tts::codec {

// Consecutive frames and their samples; the views are valid until the next
// call.
struct DecodedChunk {
  std::span<const float> samples;
  std::span<const int64_t> codes; // [frames, n_codebooks]
  int64_t first_frame = 0;
  int frames = 0;
};

// Decodes one utterance; every frame is decoded exactly once. Borrows the
// model, whose state it overwrites (see "Codec state" in docs/contract.md).
class CodecStream {
 public:
  // chunk_frames 0: the program's schedule; else that many per chunk, at most
  // the program's max_chunk_frames.
  CodecStream(model::CodecModel& model, int chunk_frames);

  // Takes the codes [n_codebooks] of the next frame; returns the chunk it
  // completes. Throws Error{kNumeric} naming the frame when a sample is not
  // finite, Error{kInternal}.
  std::optional<DecodedChunk> push(std::span<const int64_t> codes);

  // The frames still waiting for their chunk to fill up, if any.
  std::optional<DecodedChunk> flush();

  // Frames the model decoded for this utterance: equal to those pushed, or
  // something is decoded twice.
  int64_t decoded_frames() const {
    return model_.decoded_frames() - decoded_before_;
  }
  int64_t executes() const noexcept {
    return executes_;
  }

 private:
  int pending_frames() const;
  int chunk_size() const;
  DecodedChunk decode();

  model::CodecModel& model_;
  int chunk_frames_;
  std::vector<int64_t> pending_; // [frames, n_codebooks]
  std::vector<int64_t> decoded_; // of the last chunk
  int64_t decoded_before_;
  int64_t emitted_frames_ = 0;
  int64_t executes_ = 0;
};

} // namespace voxtral_tts::codec
