// codec_decoder.pte behind the CodecModel interface.
#pragma once

#include <filesystem>
#include <vector>

#include "model/codec_model.h"
#include "model/pte_program.h"

namespace voxtral_tts::model {

class PteCodecModel final : public CodecModel {
 public:
  // Throws Error{kModelLoad, kModelMismatch}, and Error{kUsage} when the
  // program cannot run on `device`.
  PteCodecModel(const std::filesystem::path& file, Device device);

  const CodecInfo& info() const override {
    return info_;
  }
  std::span<const float> decode(
      std::span<const int64_t> codes, int64_t position) override;
  int64_t decoded_frames() const override {
    return decoded_frames_;
  }

 private:
  PteProgram program_;
  CodecInfo info_;
  int64_t position_ = 0;
  int64_t decoded_frames_ = 0;
  executorch::extension::TensorPtr position_tensor_;
  std::vector<executorch::runtime::EValue> outputs_;
};

} // namespace voxtral_tts::model
