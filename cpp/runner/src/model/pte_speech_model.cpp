#include "model/pte_speech_model.h"

#include <algorithm>

namespace voxtral_tts::model {

using executorch::aten::ScalarType;
using executorch::aten::SizesType;
using executorch::runtime::EValue;

namespace {

constexpr const char* kStep = "step";
constexpr const char* kEmbedText = "embed_text";

SizesType size(int64_t value) {
  return static_cast<SizesType>(value);
}

} // namespace

PteSpeechModel::PteSpeechModel(const std::filesystem::path& file, Device device)
    : program_(file, device), info_(read_speech_model_info(program_, file)) {
  const int64_t acoustic = info_.common.n_codebooks - 1;
  program_.load_method(
      kStep,
      {{{ScalarType::Float, {1, info_.max_step_rows, info_.dim}},
        {ScalarType::Long, {1}},
        {ScalarType::Float, {1, acoustic}},
        {ScalarType::Float, {1}},
        {ScalarType::Float, {1, info_.semantic_vocab}}},
       {{ScalarType::Long, {1, info_.common.n_codebooks}},
        {ScalarType::Float, {1, 1, info_.dim}}}});
  program_.load_method(
      kEmbedText,
      {{{ScalarType::Long, {1, info_.max_step_rows}}},
       {{ScalarType::Float, {1, info_.max_step_rows, info_.dim}}}});

  kv_buffers_ = program_.kv_buffers(kStep, info_.max_seq_len);

  row_.resize(static_cast<size_t>(info_.dim));
  flow_noise_.resize(static_cast<size_t>(acoustic));
  semantic_noise_.resize(static_cast<size_t>(info_.semantic_vocab));
  tensors_ = {
      tensor_over(std::span(row_), {1, 1, size(info_.dim)}),
      tensor_over(std::span(&position_, 1), {1}),
      tensor_over(std::span(flow_noise_), {1, size(acoustic)}),
      tensor_over(std::span(&cfg_alpha_, 1), {1}),
      tensor_over(std::span(semantic_noise_), {1, size(info_.semantic_vocab)})};
  frame_inputs_.assign(tensors_.begin(), tensors_.end());
}

void PteSpeechModel::embed_text(
    std::span<const int32_t> ids, std::span<float> out) {
  const auto rows_at_once = static_cast<size_t>(info_.max_step_rows);
  const auto dim = static_cast<size_t>(info_.dim);
  for (size_t begin = 0; begin < ids.size(); begin += rows_at_once) {
    const auto piece =
        ids.subspan(begin, std::min(rows_at_once, ids.size() - begin));
    std::vector<int64_t> wide(piece.begin(), piece.end());
    const auto tensor = tensor_over(
        std::span(wide), {1, size(static_cast<int64_t>(wide.size()))});
    const auto outputs = program_.execute(kEmbedText, {EValue(tensor)});
    const auto rows =
        output_data<float>(outputs, 0, piece.size() * dim, "text embeddings");
    std::copy(
        rows.begin(),
        rows.end(),
        out.begin() + static_cast<std::ptrdiff_t>(begin * dim));
  }
}

StepResult PteSpeechModel::step(
    std::span<const float> embeddings,
    int64_t position,
    const StepNoise& noise,
    float cfg_alpha) {
  position_ = position;
  cfg_alpha_ = cfg_alpha;
  std::copy(noise.flow.begin(), noise.flow.end(), flow_noise_.begin());
  std::copy(
      noise.semantic.begin(), noise.semantic.end(), semantic_noise_.begin());
  const auto dim = static_cast<size_t>(info_.dim);
  if (embeddings.size() == dim) {
    std::copy(embeddings.begin(), embeddings.end(), row_.begin());
    outputs_ = program_.execute(kStep, frame_inputs_);
  } else {
    // The runtime takes mutable pointers; it only reads inputs.
    const auto rows = tensor_over(
        std::span(const_cast<float*>(embeddings.data()), embeddings.size()),
        {1,
         size(static_cast<int64_t>(embeddings.size() / dim)),
         size(info_.dim)});
    std::vector<EValue> inputs = frame_inputs_;
    inputs[0] = EValue(rows);
    outputs_ = program_.execute(kStep, inputs);
  }
  return {
      output_data<int64_t>(
          outputs_,
          0,
          static_cast<size_t>(info_.common.n_codebooks),
          "a frame's codes"),
      output_data<float>(outputs_, 1, dim, "the next embedding")};
}

} // namespace voxtral_tts::model
