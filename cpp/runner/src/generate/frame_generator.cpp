#include "generate/frame_generator.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "voxtral_tts/error.h"

namespace voxtral_tts::generate {

// Masked in every program: an index that wrapped, or a conversion of -1 to an
// unsigned number that saturated, looks like this.
constexpr int64_t kEmptyAudio = 0;

FrameGenerator::FrameGenerator(
    model::SpeechModel& model,
    int64_t position,
    std::vector<float> prompt,
    const FrameOptions& options)
    : model_(model),
      position_(position),
      prompt_(std::move(prompt)),
      options_(options),
      normal_(options.seed),
      gumbel_(options.seed),
      flow_noise_(static_cast<size_t>(model.info().common.n_codebooks - 1)),
      semantic_noise_(static_cast<size_t>(model.info().semantic_vocab)) {
}

std::optional<std::span<const int64_t>> FrameGenerator::next(
    const model::Look& look) {
  if (saw_end_ || frames_ >= options_.max_frames) {
    look_for_end();
    return std::nullopt;
  }
  model::StepResult result;
  if (executes_ == 0) {
    result = prefill(look);
  } else {
    result = model_.step(
        next_embedding_, position_, draw_noise(), options_.cfg_alpha);
    ++position_;
    ++executes_;
  }
  if (result.codes[0] == model_.info().end_audio_code) {
    saw_end_ = true; // the other codes of an END frame mean nothing
    return std::nullopt;
  }
  check(result.codes);
  check_finite(result.next_embedding);
  next_embedding_ = result.next_embedding;
  ++frames_;
  return result.codes;
}

void FrameGenerator::look_for_end() {
  const bool is_new = frames_ > 0 && !saw_end_ && !looked_for_end_;
  if (is_new && position_ < model_.info().max_seq_len) {
    looked_for_end_ = true;
    const model::StepResult result = model_.step(
        next_embedding_, position_, draw_noise(), options_.cfg_alpha);
    ++executes_;
    saw_end_ = result.codes[0] == model_.info().end_audio_code;
  }
}

model::StepResult FrameGenerator::prefill(const model::Look& look) {
  const model::RowsResult rows = model::step_rows(
      model_, prompt_, position_, draw_noise(), options_.cfg_alpha, look);
  position_ += static_cast<int64_t>(prompt_.size()) / model_.info().dim;
  executes_ += rows.executes;
  prompt_ = {};
  return rows.last;
}

model::StepNoise FrameGenerator::draw_noise() {
  for (float& value : flow_noise_) {
    value = normal_.next();
  }
  // Left at zero for greedy decoding.
  if (options_.temperature > 0) {
    for (float& value : semantic_noise_) {
      value = options_.temperature * gumbel_.next();
    }
  }
  return {flow_noise_, semantic_noise_};
}

void FrameGenerator::check(std::span<const int64_t> codes) const {
  const model::CommonInfo& common = model_.info().common;
  for (size_t i = 0; i < codes.size(); ++i) {
    const bool semantic = i == 0;
    if (codes[i] == -1) {
      throw Error(
          ErrorClass::kNumeric,
          "frame " + std::to_string(frames_) + ": NaN or infinity in the " +
              (semantic ? "semantic logits" : "flow state") +
              "; the model file or the voice is damaged");
    }
    if (semantic && codes[i] == kEmptyAudio) {
      throw Error(
          ErrorClass::kNumeric,
          "frame " + std::to_string(frames_) +
              ": the semantic code is EMPTY_AUDIO, which no right program "
              "chooses; export the model again");
    }
    const int64_t codebook =
        semantic ? common.semantic_codebook_size : common.acoustic_levels;
    if (codes[i] < 0 || codes[i] >= codebook + common.n_special_codes) {
      throw Error(
          ErrorClass::kInternal,
          "frame " + std::to_string(frames_) + ": code " +
              std::to_string(codes[i]) + " of codebook " + std::to_string(i) +
              " is out of range");
    }
  }
}

void FrameGenerator::check_finite(std::span<const float> next_embedding) const {
  if (!std::ranges::all_of(
          next_embedding, [](float value) { return std::isfinite(value); })) {
    throw Error(
        ErrorClass::kNumeric,
        "frame " + std::to_string(frames_) +
            ": NaN or infinity in the next embedding; the model file is "
            "damaged");
  }
}

} // namespace voxtral_tts::generate
