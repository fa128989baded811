// Runs the programs of data/ as an application does: through Module.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <executorch/extension/module/module.h>
#include <executorch/extension/tensor/tensor.h>

#include "test_data.h"

namespace voxtral_tts::mlx_delegate {

using executorch::extension::from_blob;
using executorch::extension::Module;
using executorch::runtime::Error;
using executorch::runtime::Result;

inline Result<std::vector<float>> floats_of(
    Result<std::vector<executorch::runtime::EValue>> outputs) {
  if (!outputs.ok()) {
    return outputs.error();
  }
  const auto& tensor = outputs->at(0).toTensor();
  const auto* data = tensor.const_data_ptr<float>();
  return std::vector<float>(data, data + tensor.numel());
}

inline Result<std::vector<float>> attend(Module& module, AttentionCall call) {
  auto x = example(static_cast<size_t>(call.rows * kAttentionDim));
  return floats_of(module.forward(
      {from_blob(x.data(), {1, call.rows, kAttentionDim}),
       from_blob(&call.position, {1}, executorch::aten::ScalarType::Long)}));
}

// The answers to all of kAttentionCalls; ends early when one fails.
inline std::vector<float> attend_all(Module& module) {
  std::vector<float> answers;
  for (const AttentionCall call : kAttentionCalls) {
    const auto answer = attend(module, call);
    if (!answer.ok()) {
      break;
    }
    answers.insert(answers.end(), answer->begin(), answer->end());
  }
  return answers;
}

inline Result<std::vector<float>> quantized(Module& module, int rows) {
  auto x = example(static_cast<size_t>(rows * 64));
  return floats_of(module.forward(from_blob(x.data(), {rows, 64})));
}

} // namespace voxtral_tts::mlx_delegate
