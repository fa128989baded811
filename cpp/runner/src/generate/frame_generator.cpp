#include "generate/frame_generator.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "voxtral_tts/error.h"

namespace voxtral_tts::generate {

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

std::optional<std::span<const int64_t>> FrameGenerator::next() {
  if (saw_end_ || frames_ >= options_.max_frames) {
    look_for_end();
    return std::nullopt;
  }
  model::StepResult result;
  if (executes_ == 0) {
    result = prefill();
  } else {
    result = model_.step(
        next_embedding_, position_, draw_noise(), options_.cfg_alpha);
    ++position_;
    ++executes_;
  }
  check(result.codes);
  if (result.codes[0] == model_.info().end_audio_code) {
    saw_end_ = true;
    return std::nullopt;
  }
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

model::StepResult FrameGenerator::prefill() {
  const model::SpeechModelInfo& info = model_.info();
  const auto dim = static_cast<size_t>(info.dim);
  const model::StepNoise noise = draw_noise();
  std::span<const float> rows(prompt_);
  model::StepResult result;
  while (!rows.empty()) {
    const auto piece = rows.first(
        std::min(rows.size(), static_cast<size_t>(info.max_step_rows) * dim));
    result = model_.step(piece, position_, noise, options_.cfg_alpha);
    position_ += static_cast<int64_t>(piece.size() / dim);
    ++executes_;
    rows = rows.subspan(piece.size());
  }
  prompt_ = {};
  return result;
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
    const int64_t codebook =
        semantic ? common.semantic_codebook_size : common.acoustic_levels;
    if (codes[i] < 0 || codes[i] >= codebook + common.n_special_codes) {
      throw Error(
          ErrorClass::kInternal,
          "frame " + std::to_string(frames_) + ": code " +
              std::to_string(codes[i]) + " of codebook " + std::to_string(i) +
              " is out of range");
    }
    if (semantic && codes[i] == model_.info().end_audio_code) {
      return; // the other codes of an END frame mean nothing
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
