#include "model/pte_codec_model.h"

namespace voxtral_tts::model {

using executorch::aten::ScalarType;
using executorch::aten::SizesType;
using executorch::runtime::EValue;

namespace {
constexpr const char* kDecode = "decode";
} // namespace

PteCodecModel::PteCodecModel(const std::filesystem::path& file, Device device)
    : program_(file, device), info_(read_codec_info(program_, file)) {
  const CommonInfo& common = info_.common;
  program_.load_method(
      kDecode,
      {{{ScalarType::Long, {1, info_.max_chunk_frames, common.n_codebooks}},
        {ScalarType::Long, {1}}},
       {{ScalarType::Float,
         {1, info_.max_chunk_frames * common.samples_per_frame}}}});
  position_tensor_ = tensor_over(std::span(&position_, 1), {1});
}

std::span<const float> PteCodecModel::decode(
    std::span<const int64_t> codes, int64_t position) {
  position_ = position;
  const auto codebooks = static_cast<size_t>(info_.common.n_codebooks);
  const size_t frames = codes.size() / codebooks;
  decoded_frames_ += static_cast<int64_t>(frames);
  // The runtime takes mutable pointers; it only reads inputs.
  const auto tensor = tensor_over(
      std::span(const_cast<int64_t*>(codes.data()), codes.size()),
      {1, static_cast<SizesType>(frames), static_cast<SizesType>(codebooks)});
  outputs_ =
      program_.execute(kDecode, {EValue(tensor), EValue(position_tensor_)});
  return output_data<float>(
      outputs_,
      0,
      frames * static_cast<size_t>(info_.common.samples_per_frame),
      "samples");
}

} // namespace voxtral_tts::model
