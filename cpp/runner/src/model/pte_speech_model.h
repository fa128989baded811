// model.pte behind the SpeechModel interface.
#pragma once

#include <filesystem>
#include <vector>

#include "model/pte_program.h"
#include "model/speech_model.h"

namespace voxtral_tts::model {

class PteSpeechModel final : public SpeechModel {
 public:
  // Throws Error{kModelLoad, kModelMismatch}, and Error{kUsage} when the
  // program cannot run on `device`.
  PteSpeechModel(const std::filesystem::path& file, Device device);

  const SpeechModelInfo& info() const override {
    return info_;
  }
  std::string backend() const override {
    return program_.backend();
  }
  void embed_text(std::span<const int32_t> ids, std::span<float> out) override;
  StepResult step(
      std::span<const float> embeddings,
      int64_t position,
      const StepNoise& noise,
      float cfg_alpha) override;
  std::span<const KvBuffer> kv_buffers() const override {
    return kv_buffers_;
  }

 private:
  PteProgram program_;
  SpeechModelInfo info_;
  std::vector<KvBuffer> kv_buffers_;
  // Buffers the input tensors of every step point into.
  int64_t position_ = 0;
  float cfg_alpha_ = 0;
  std::vector<float> row_;
  std::vector<float> flow_noise_;
  std::vector<float> semantic_noise_;
  std::vector<executorch::extension::TensorPtr> tensors_;
  std::vector<executorch::runtime::EValue> frame_inputs_;
  std::vector<executorch::runtime::EValue> outputs_; // of the last step
};

} // namespace voxtral_tts::model
