#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

#include "bindings.h"
#include "voxtral_tts/bench.h"
#include "without_gil.h"

namespace voxtral_tts::bindings {
namespace {

namespace py = pybind11;

std::tuple<double, double> bandwidth(size_t bytes, int threads) {
  const WithoutGil nogil;
  const ReadBandwidth result = read_bandwidth(bytes, threads);
  return {result.best, result.median};
}

// (load_ms, [ms per call], [(instruction, calls, total ms)])
py::tuple time(
    const std::filesystem::path& program,
    const std::string& method,
    int64_t rows,
    int64_t position,
    int repeats,
    bool trace) {
  MethodTimes times;
  {
    const WithoutGil nogil;
    times = time_method(program, method, {rows, position, repeats, trace});
  }
  std::vector<std::tuple<int64_t, int64_t, double>> instructions;
  for (const TimedInstruction& timed : times.instructions) {
    instructions.emplace_back(timed.index, timed.calls, timed.total_ms);
  }
  return py::make_tuple(times.load_ms, times.call_ms, instructions);
}

} // namespace

void bind_bench(py::module_& module) {
  module.def(
      "_read_bandwidth", &bandwidth, py::arg("bytes"), py::arg("threads"));
  module.def(
      "_time_method",
      &time,
      py::arg("program"),
      py::arg("method"),
      py::arg("rows"),
      py::arg("position"),
      py::arg("repeats"),
      py::arg("trace"));
}

} // namespace voxtral_tts::bindings
