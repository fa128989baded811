// The frame loop: prompt rows to codec frames, one `step` per frame.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/speech_model.h"
#include "model/step_rows.h"
#include "support/rng.h"

namespace voxtral_tts::generate {

struct FrameOptions {
  uint64_t seed = 0;
  float temperature = 0; // of the semantic code; 0 is greedy
  float cfg_alpha = 0;
  int64_t max_frames = 0; // next() returns at most this many
};

// Generates one utterance. Borrows the model, whose KV cache it overwrites.
class FrameGenerator {
 public:
  // `prompt` [rows * dim] is the part of the prompt that begins at row
  // `position`; rows before it are in the KV cache when next() is first called.
  // position + rows + max_frames - 1 <= max_seq_len.
  FrameGenerator(
      model::SpeechModel& model,
      int64_t position,
      std::vector<float> prompt,
      const FrameOptions& options);

  // Codes [n_codebooks] of the next frame, valid until the next call; nullopt
  // at END_AUDIO or after max_frames. Throws Error{kNumeric} naming stage and
  // frame when the model produced NaN or infinity, Error{kInternal}, and what
  // `look` throws before a piece of the prompt: nothing is to be asked for
  // after that.
  std::optional<std::span<const int64_t>> next(const model::Look& look = {});

  // True once the model has ended the utterance itself, be it at the limit.
  bool saw_end() const noexcept {
    return saw_end_;
  }
  int64_t executes() const noexcept {
    return executes_;
  }
  // Returned so far.
  int64_t frames() const noexcept {
    return frames_;
  }

 private:
  // A text may end at the limit: one more step tells that it was not cut.
  void look_for_end();
  model::StepResult prefill(const model::Look& look);
  model::StepNoise draw_noise();
  void check(std::span<const int64_t> codes) const;
  void check_finite(std::span<const float> next_embedding) const;

  model::SpeechModel& model_;
  int64_t position_;          // rows in the KV cache
  std::vector<float> prompt_; // freed after the prefill
  FrameOptions options_;
  support::NormalStream normal_;
  support::GumbelStream gumbel_;
  std::vector<float> flow_noise_;
  std::vector<float> semantic_noise_;
  std::span<const float> next_embedding_;
  int64_t frames_ = 0;
  int64_t executes_ = 0;
  bool saw_end_ = false;
  bool looked_for_end_ = false;
};

} // namespace voxtral_tts::generate
