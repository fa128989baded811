// A codec whose samples are known, behind the same interface as the .pte
// program.
#pragma once

#include <optional>
#include <vector>

#include "fake_speech_model.h"
#include "model/codec_model.h"

namespace voxtral_tts {

// Every sample of a frame is the frame's semantic code * scale.
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
    for (int i = 0; i < repeats; ++i) {
      calls.push_back({{codes.begin(), codes.end()}, position});
    }
    samples_.clear();
    for (size_t i = 0; i < codes.size(); i += 3) {
      samples_.insert(samples_.end(), 4, scale * static_cast<float>(codes[i]));
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
  int repeats = 1; // of every call
  float scale = 0.01f;
  std::optional<float> poison; // the last sample of every call

 private:
  model::CodecInfo info_;
  std::vector<float> samples_;
};

} // namespace voxtral_tts
