// Models whose answers a test writes down, behind the same interfaces as the
// .pte programs.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "model/codec_model.h"
#include "model/speech_model.h"

namespace voxtral_tts {

inline model::CommonInfo small_common() {
  return {24000, 4, 3, 8, 5, 2};
}

inline model::SpeechModelInfo small_speech_info() {
  model::SpeechModelInfo info;
  info.common = small_common();
  info.dim = 2;
  info.vocab_size = 100;
  info.max_seq_len = 64;
  info.max_step_rows = 4;
  info.max_frames = 16;
  info.semantic_vocab = 10;
  info.end_audio_code = 1;
  info.flow_steps = 7;
  info.cfg_alpha = 1.2;
  info.bos_id = 1;
  info.begin_audio_id = 25;
  info.audio_id = 24;
  info.text_to_audio_id = 36;
  info.audio_to_text_id = 35;
  return info;
}

// Embeds id as (id, -id); a step returns the next of `frames` and records what
// it was given.
class FakeSpeechModel : public model::SpeechModel {
 public:
  struct Call {
    std::vector<float> rows;
    int64_t position;
    std::vector<float> flow_noise;
    std::vector<float> semantic_noise;
    float cfg_alpha;
  };

  const model::SpeechModelInfo& info() const override {
    return info_;
  }
  void embed_text(std::span<const int32_t> ids, std::span<float> out) override {
    for (size_t i = 0; i < ids.size(); ++i) {
      out[2 * i] = static_cast<float>(ids[i]);
      out[2 * i + 1] = static_cast<float>(-ids[i]);
    }
  }
  model::StepResult step(
      std::span<const float> embeddings,
      int64_t position,
      const model::StepNoise& noise,
      float cfg_alpha) override {
    calls.push_back(
        {{embeddings.begin(), embeddings.end()},
         position,
         {noise.flow.begin(), noise.flow.end()},
         {noise.semantic.begin(), noise.semantic.end()},
         cfg_alpha});
    codes_ = frames.at(std::min(calls.size(), frames.size()) - 1);
    next_ = {static_cast<float>(calls.size()), 0.5f};
    return {codes_, next_};
  }

  std::vector<std::vector<int64_t>> frames;
  std::vector<Call> calls;

 private:
  model::SpeechModelInfo info_ = small_speech_info();
  std::vector<int64_t> codes_;
  std::vector<float> next_;
};

// Every sample of a frame is the frame's semantic code / 100.
class FakeCodecModel : public model::CodecModel {
 public:
  struct Call {
    std::vector<int64_t> codes;
    int64_t position;
  };

  explicit FakeCodecModel(std::vector<int64_t> schedule = {1, 2, 4}) {
    info_.common = small_common();
    info_.max_chunk_frames = 8;
    info_.chunk_schedule = std::move(schedule);
  }
  const model::CodecInfo& info() const override {
    return info_;
  }
  std::span<const float> decode(
      std::span<const int64_t> codes, int64_t position) override {
    calls.push_back({{codes.begin(), codes.end()}, position});
    samples_.clear();
    for (size_t i = 0; i < codes.size(); i += 3) {
      samples_.insert(samples_.end(), 4, static_cast<float>(codes[i]) / 100.0f);
    }
    if (poison) {
      samples_.back() = *poison;
    }
    return samples_;
  }

  int64_t decoded_frames() const override {
    int64_t frames = 0;
    for (const Call& call : calls) {
      frames += static_cast<int64_t>(call.codes.size() / 3);
    }
    return frames;
  }

  std::vector<Call> calls;
  std::optional<float> poison; // the last sample of every call

 private:
  model::CodecInfo info_;
  std::vector<float> samples_;
};

} // namespace voxtral_tts
