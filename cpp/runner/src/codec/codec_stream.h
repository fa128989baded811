// Codec frames to samples, in chunks whose sizes follow a fixed schedule.
#pragma once

#include <cstdint>
#include <exception>
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
  // finite, unless frames of the chunk stand before that one: then the chunk
  // ends there and fault() has the error. Throws Error{kInternal}.
  std::optional<DecodedChunk> push(std::span<const int64_t> codes);

  // The frames still waiting for their chunk to fill up, if any.
  std::optional<DecodedChunk> flush();

  // What ended the last chunk early; nothing is to be pushed after it.
  const std::exception_ptr& fault() const noexcept {
    return fault_;
  }
  int pending_frames() const;
  // Whether the next push() runs the codec.
  bool completes_chunk() const {
    return pending_frames() + 1 >= chunk_size();
  }

  // Frames the model decoded for this utterance: equal to those pushed, or
  // something is decoded twice.
  int64_t decoded_frames() const {
    return model_.decoded_frames() - decoded_before_;
  }
  int64_t executes() const noexcept {
    return executes_;
  }

 private:
  int chunk_size() const;
  DecodedChunk decode();
  void keep_finite(DecodedChunk& chunk);

  model::CodecModel& model_;
  int chunk_frames_;
  std::vector<int64_t> pending_; // [frames, n_codebooks]
  std::vector<int64_t> decoded_; // of the last chunk
  int64_t decoded_before_;
  int64_t emitted_frames_ = 0;
  int64_t executes_ = 0;
  std::exception_ptr fault_;
};

} // namespace voxtral_tts::codec
