#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "model/instruction_timer.h"
#include "model/pte_program.h"
#include "support/rng.h"
#include "support/stopwatch.h"
#include "voxtral_tts/bench.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts {
namespace {

using executorch::aten::ScalarType;
using executorch::aten::SizesType;
using executorch::runtime::EValue;

constexpr int64_t kCode = 2; // the first that is none of the special ones

// The input tensors of a method and the memory under them.
class Inputs {
 public:
  Inputs(const model::MethodSpec& spec, const MethodCalls& calls) {
    floats_.reserve(spec.inputs.size()); // tensors point into both
    integers_.reserve(spec.inputs.size());
    for (size_t i = 0; i < spec.inputs.size(); ++i) {
      const model::TensorSpec& input = spec.inputs[i];
      std::vector<SizesType> sizes(input.sizes.begin(), input.sizes.end());
      if (i == 0 && calls.rows > 0 && sizes.size() > 1) {
        check_rows(calls.rows, sizes[1]);
        sizes[1] = static_cast<SizesType>(calls.rows);
      }
      add(input.dtype, std::move(sizes), calls.position);
    }
  }

  const std::vector<EValue>& values() const {
    return values_;
  }

 private:
  static void check_rows(int64_t rows, int64_t most) {
    if (rows > most) {
      throw Error(
          ErrorClass::kUsage,
          "rows " + std::to_string(rows) + ": the method takes at most " +
              std::to_string(most));
    }
  }

  void add(ScalarType dtype, std::vector<SizesType> sizes, int64_t position) {
    size_t count = 1;
    for (const SizesType size : sizes) {
      count *= static_cast<size_t>(size);
    }
    const bool is_scalar = sizes.size() == 1 && count == 1;
    if (dtype == ScalarType::Float) {
      auto& data = floats_.emplace_back(count, 1.0f);
      if (!is_scalar) {
        std::generate(data.begin(), data.end(), [&] {
          return static_cast<float>(2 * rng_.uniform() - 1);
        });
      }
      tensors_.push_back(model::tensor_over(std::span(data), sizes));
    } else if (dtype == ScalarType::Long) {
      auto& data = integers_.emplace_back(count, is_scalar ? position : kCode);
      tensors_.push_back(model::tensor_over(std::span(data), sizes));
    } else {
      throw Error(
          ErrorClass::kModelMismatch,
          "only float32 and int64 inputs can be made up");
    }
    values_.emplace_back(tensors_.back());
  }

  support::Rng rng_{42};
  std::vector<std::vector<float>> floats_;
  std::vector<std::vector<int64_t>> integers_;
  std::vector<executorch::extension::TensorPtr> tensors_;
  std::vector<EValue> values_;
};

} // namespace

MethodTimes time_method(
    const std::filesystem::path& file,
    const std::string& method,
    const MethodCalls& calls,
    Device device) {
  if (calls.repeats < 1 || calls.rows < 0 || calls.position < 0) {
    throw Error(
        ErrorClass::kUsage,
        "time_method: rows and position are at least 0, repeats 1");
  }
  MethodTimes times;
  std::optional<model::InstructionTimer> timer;
  if (calls.trace) {
    timer.emplace();
  }
  const support::Stopwatch loading;
  model::PteProgram program(file, device);
  const model::MethodSpec spec = program.signature(method);
  program.load_method(method, spec, timer ? timer->tracer() : nullptr);
  times.load_ms = loading.elapsed_ms();
  const Inputs inputs(spec, calls);
  program.execute(method, inputs.values()); // pages, caches, thread pool
  if (timer) {
    timer->clear();
  }
  times.call_ms.reserve(static_cast<size_t>(calls.repeats));
  for (int i = 0; i < calls.repeats; ++i) {
    const support::Stopwatch watch;
    program.execute(method, inputs.values());
    times.call_ms.push_back(watch.elapsed_ms());
  }
  if (timer) {
    times.instructions = timer->instructions();
  }
  return times;
}

} // namespace voxtral_tts
