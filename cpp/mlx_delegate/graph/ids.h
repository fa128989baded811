// The operand types of schema.fbs that nodes are made of.
#pragma once

#include <cstdint>
#include <optional>

namespace voxtral_tts::mlx_delegate {

// A tensor slot: constants, then inputs, outputs, mutable buffers, temporaries.
struct Tid {
  uint32_t idx = 0;
};

// A scalar slot.
struct Vid {
  uint32_t idx = 0;
};

// Each is a literal, or the slot that holds the value at run time.
struct IntOrVid {
  int64_t literal = 0;
  std::optional<Vid> vid;
};
struct FloatOrVid {
  double literal = 0;
  std::optional<Vid> vid;
};

// Exactly one of the two.
struct VidOrTid {
  std::optional<Vid> vid;
  std::optional<Tid> tid;
};

// A literal when neither slot is set.
struct IntOrVidOrTid {
  int64_t literal = 0;
  std::optional<Vid> vid;
  std::optional<Tid> tid;
};

} // namespace voxtral_tts::mlx_delegate
