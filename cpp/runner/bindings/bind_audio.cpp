#include <pybind11/numpy.h>
#include <pybind11/stl/filesystem.h>

#include <filesystem>
#include <span>
#include <vector>

#include "bindings.h"
#include "voxtral_tts/audio.h"
#include "voxtral_tts/audio_sink.h"
#include "voxtral_tts/error.h"
#include "without_gil.h"

namespace voxtral_tts::bindings {
namespace {

namespace py = pybind11;
using Samples = py::array_t<float, py::array::c_style | py::array::forcecast>;

std::span<const float> view(const Samples& samples) {
  if (samples.ndim() != 1) {
    throw Error(ErrorClass::kUsage, "samples must have one dimension");
  }
  return {samples.data(), static_cast<size_t>(samples.size())};
}

void write_wav(
    const std::filesystem::path& path,
    const Samples& samples,
    int sample_rate) {
  const std::span<const float> values = view(samples);
  const WithoutGil nogil;
  const auto sink = make_wav_file_sink(path, sample_rate);
  sink->write(values);
  sink->finish();
}

py::bytes to_s16le(const Samples& samples) {
  std::vector<std::byte> bytes;
  append_s16le(view(samples), bytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace

void bind_audio(py::module_& module) {
  module.def(
      "write_wav",
      &write_wav,
      py::arg("path"),
      py::arg("samples"),
      py::arg("sample_rate"));
  module.def("to_s16le", &to_s16le, py::arg("samples"));
}

} // namespace voxtral_tts::bindings
