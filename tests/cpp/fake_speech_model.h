// A language model whose answers a test writes down, behind the same interface
// as the .pte program.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/speech_model.h"
#include "voxtral_tts/error.h"

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
// it was given. Keys are the row itself, values two bytes of position and row.
class FakeSpeechModel : public model::SpeechModel {
 public:
  // A program whose cache lies inside a delegate shows no buffers.
  explicit FakeSpeechModel(
      bool host_cache = true,
      const model::SpeechModelInfo& info = small_speech_info())
      : keys_(static_cast<size_t>(info.max_seq_len) * 8),
        values_(static_cast<size_t>(info.max_seq_len) * 2),
        info_(info) {
    if (host_cache) {
      buffers_ = {
          {"0.k_cache", "Float [1, rows, 1, 2]", keys_, 8},
          {"0.v_cache", "Half [1, rows, 1, 1]", values_, 2}};
    }
  }
  FakeSpeechModel(const FakeSpeechModel&) = delete;
  FakeSpeechModel& operator=(const FakeSpeechModel&) = delete;

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
  std::string backend() const override {
    return "fake";
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
    if (on_step) {
      on_step();
    }
    if (calls.size() == fail_at) {
      throw Error(ErrorClass::kInternal, "the step fails");
    }
    for (size_t i = 0; i < embeddings.size(); i += 2) {
      const size_t row = static_cast<size_t>(position) + i / 2;
      std::memcpy(&keys_.at(row * 8), &embeddings[i], 8);
      values_.at(row * 2) = static_cast<std::byte>(row);
      values_.at(row * 2 + 1) = static_cast<std::byte>(embeddings[i]);
    }
    codes_ = frames.at(std::min(calls.size(), frames.size()) - 1);
    next_ = {static_cast<float>(calls.size()), next_value};
    return {codes_, next_};
  }

  std::span<const model::KvBuffer> kv_buffers() const override {
    return buffers_;
  }
  // The first rows of the cache: keys, then values.
  std::vector<std::byte> cache(size_t rows) const {
    std::vector<std::byte> bytes(rows * 10);
    std::memcpy(bytes.data(), keys_.data(), rows * 8);
    std::memcpy(bytes.data() + rows * 8, values_.data(), rows * 2);
    return bytes;
  }

  std::vector<std::vector<int64_t>> frames = {{5, 3, 4}};
  std::vector<Call> calls;
  std::function<void()> on_step; // during every call
  std::optional<size_t> fail_at; // the number of the call that throws
  float next_value = 0.5f;       // in every next embedding

 private:
  std::vector<std::byte> keys_;
  std::vector<std::byte> values_;
  std::vector<model::KvBuffer> buffers_;
  model::SpeechModelInfo info_;
  std::vector<int64_t> codes_;
  std::vector<float> next_;
};

} // namespace voxtral_tts
