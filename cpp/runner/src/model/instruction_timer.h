// Times the instructions of a method while it executes.
#pragma once

#include <memory>
#include <vector>

#include "voxtral_tts/bench.h"

namespace executorch::runtime {
class EventTracer;
}

namespace voxtral_tts::model {

// The runtime of the pinned wheel is built with its event tracer, which calls
// back before and after each operator and delegate.
class InstructionTimer {
 public:
  InstructionTimer();
  ~InstructionTimer();

  // For PteProgram::load_method; lives as long as this object.
  executorch::runtime::EventTracer* tracer();

  // Forgets what was seen so far.
  void clear();

  // In the order of the chain, instructions that were never run left out.
  std::vector<TimedInstruction> instructions() const;

 private:
  class Tracer;
  std::unique_ptr<Tracer> tracer_;
};

} // namespace voxtral_tts::model
