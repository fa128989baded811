#include "model/instruction_timer.h"

#include <chrono>
#include <cstring>

#include <executorch/runtime/core/event_tracer.h>

namespace voxtral_tts::model {

namespace et = executorch::runtime;

namespace {

using Clock = std::chrono::steady_clock;

bool is_instruction(const char* name) {
  return std::strcmp(name, "OPERATOR_CALL") == 0 ||
         std::strcmp(name, "DELEGATE_CALL") == 0;
}

} // namespace

// Instructions do not nest; events within them (kernels, delegates' own) and
// around them (the method) pass by.
class InstructionTimer::Tracer final : public et::EventTracer {
 public:
  Tracer() {
    set_event_tracer_profiling_level(
        et::EventTracerProfilingLevel::kProfileAllEvents);
  }

  std::vector<TimedInstruction> seen; // by index

  void create_event_block(const char*) override {
  }
  et::EventTracerEntry start_profiling(
      const char* name, et::ChainID, et::DebugHandle) override {
    et::EventTracerEntry entry{};
    entry.event_id = -1;
    if (is_instruction(name)) {
      entry.event_id = static_cast<int64_t>(current_debug_handle());
      started_ = Clock::now();
    }
    return entry;
  }
  void end_profiling(et::EventTracerEntry entry) override {
    if (entry.event_id < 0) {
      return;
    }
    const double ms =
        std::chrono::duration<double, std::milli>(Clock::now() - started_)
            .count();
    const auto index = static_cast<size_t>(entry.event_id);
    if (index >= seen.size()) {
      seen.resize(index + 1);
    }
    seen[index].index = entry.event_id;
    seen[index].calls += 1;
    seen[index].total_ms += ms;
  }
  et::EventTracerEntry start_profiling_delegate(
      const char*, et::DelegateDebugIntId) override {
    return {};
  }
  void end_profiling_delegate(
      et::EventTracerEntry, const void*, size_t) override {
  }
  void log_profiling_delegate(
      const char*,
      et::DelegateDebugIntId,
      et_timestamp_t,
      et_timestamp_t,
      const void*,
      size_t) override {
  }
  void track_allocation(et::AllocatorID, size_t) override {
  }
  et::AllocatorID track_allocator(const char*) override {
    return 0;
  }
  et::Result<bool> log_evalue(
      const et::EValue&, et::LoggedEValueType) override {
    return false;
  }
  et::Result<bool> log_intermediate_output_delegate(
      const char*,
      et::DelegateDebugIntId,
      const executorch::aten::Tensor&) override {
    return false;
  }
  et::Result<bool> log_intermediate_output_delegate(
      const char*,
      et::DelegateDebugIntId,
      const et::ArrayRef<executorch::aten::Tensor>) override {
    return false;
  }
  et::Result<bool> log_intermediate_output_delegate(
      const char*, et::DelegateDebugIntId, const int&) override {
    return false;
  }
  et::Result<bool> log_intermediate_output_delegate(
      const char*, et::DelegateDebugIntId, const bool&) override {
    return false;
  }
  et::Result<bool> log_intermediate_output_delegate(
      const char*, et::DelegateDebugIntId, const double&) override {
    return false;
  }
  void set_delegation_intermediate_output_filter(
      et::EventTracerFilterBase*) override {
  }

 private:
  Clock::time_point started_;
};

InstructionTimer::InstructionTimer() : tracer_(std::make_unique<Tracer>()) {
}
InstructionTimer::~InstructionTimer() = default;

et::EventTracer* InstructionTimer::tracer() {
  return tracer_.get();
}

void InstructionTimer::clear() {
  tracer_->seen.clear();
}

std::vector<TimedInstruction> InstructionTimer::instructions() const {
  std::vector<TimedInstruction> run;
  for (const TimedInstruction& instruction : tracer_->seen) {
    if (instruction.calls > 0) {
      run.push_back(instruction);
    }
  }
  return run;
}

} // namespace voxtral_tts::model
