// What the frame loop needs of model.pte; one method per .pte method.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "model/kv_buffer.h"
#include "model/metadata.h"

namespace voxtral_tts::model {

// One frame as the model returned it. Views stay valid until the next step().
struct StepResult {
  std::span<const int64_t> codes;        // [n_codebooks]
  std::span<const float> next_embedding; // [dim]
};

// Per-utterance values of a step.
struct StepNoise {
  std::span<const float> flow;     // [n_codebooks - 1], standard normal
  std::span<const float> semantic; // [semantic_vocab], zeros for greedy
};

// Not thread-safe. All methods throw Error{kInternal} when the runtime fails.
class SpeechModel {
 public:
  virtual ~SpeechModel() = default;

  virtual const SpeechModelInfo& info() const = 0;

  // What runs it: "mlx", "xnnpack", "portable", or a delegate's own name.
  virtual std::string backend() const = 0;

  // ids [S] -> out [S * dim], any S; written in full.
  virtual void embed_text(
      std::span<const int32_t> ids, std::span<float> out) = 0;

  // Runs rows [T * dim], T <= max_step_rows, at absolute row `position`: writes
  // their keys and values there and reads those of the rows before, whichever
  // step or copy wrote them. What lies behind is never read.
  virtual StepResult step(
      std::span<const float> embeddings,
      int64_t position,
      const StepNoise& noise,
      float cfg_alpha) = 0;

  // The memory of the KV cache, the model's own; empty where the host cannot
  // reach it. Rows may be read and written between two steps.
  virtual std::span<const KvBuffer> kv_buffers() const = 0;
};

} // namespace voxtral_tts::model
