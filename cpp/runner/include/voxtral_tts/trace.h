// What one utterance did when, for a timeline.
#pragma once

#include <cstdint>

namespace voxtral_tts {

// Spans of one utterance are in the order of their ends, and do not overlap:
//   voice     finding and reading the voice, or blending it
//   tokenise  text to ids
//   embed     ids and voice to the rows of the prompt
//   prefix    the voice's rows in the KV cache, computed or brought there
//   prefill   the steps of the rest of the prompt, which make frame 0
//   step      one step; index is its frame, for the last one that of the end
//   codec     one run of the codec; index is its first frame
//   settle    writing the voice's rows to the disk, after the sound
// `step` and `prefill` are what SynthesisStats::generate_ms sums, with
// `prefix`; `codec` is codec_ms.
struct TraceSpan {
  const char* name = ""; // one of the above, static
  int64_t start_us = 0;  // std::chrono::steady_clock
  int64_t duration_us = 0;
  int64_t index = 0;
};

} // namespace voxtral_tts
