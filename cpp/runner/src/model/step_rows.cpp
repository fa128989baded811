#include "model/step_rows.h"

#include <algorithm>

namespace voxtral_tts::model {

RowsResult step_rows(
    SpeechModel& model,
    std::span<const float> rows,
    int64_t position,
    const StepNoise& noise,
    float cfg_alpha,
    const Look& look) {
  const SpeechModelInfo& info = model.info();
  const auto dim = static_cast<size_t>(info.dim);
  const auto most =
      static_cast<size_t>(std::min(info.max_step_rows, kMaxPieceRows)) * dim;
  RowsResult result;
  while (!rows.empty()) {
    if (look) {
      look();
    }
    const auto piece = rows.first(std::min(rows.size(), most));
    result.last = model.step(piece, position, noise, cfg_alpha);
    ++result.executes;
    position += static_cast<int64_t>(piece.size() / dim);
    rows = rows.subspan(piece.size());
  }
  return result;
}

} // namespace voxtral_tts::model
