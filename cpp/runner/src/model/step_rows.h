// The rows of a prompt through the model, in pieces between which the caller
// may stop.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "model/speech_model.h"

namespace voxtral_tts::model {

// Every piece pays one flow head, so pieces are not small; at full size one
// takes a CPU about a second, which is how long a cancellation may wait.
inline constexpr int64_t kMaxPieceRows = 128;

// Is called before every piece; stops by throwing.
using Look = std::function<void()>;

struct RowsResult {
  StepResult last;      // of the last piece
  int64_t executes = 0; // calls of step
};

// Runs rows [T * dim], T >= 1, from `position` on, every piece with the same
// noise. Throws what step() and `look` throw; the KV cache then has some rows.
RowsResult step_rows(
    SpeechModel& model,
    std::span<const float> rows,
    int64_t position,
    const StepNoise& noise,
    float cfg_alpha,
    const Look& look);

} // namespace voxtral_tts::model
