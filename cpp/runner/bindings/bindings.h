// The parts of the Python module `voxtral_tts._core`. It converts, releases
// the GIL and calls; what users see is python/voxtral_tts.
#pragma once

#include <pybind11/pybind11.h>

namespace voxtral_tts::bindings {

// voxtral_tts::Error becomes what voxtral_tts.errors.make_error returns.
void bind_errors(pybind11::module_& module);

// Runner, Stream, load_mlx, list_voices, find_voice, default_options.
void bind_runner(pybind11::module_& module);

// _read_bandwidth, _time_method: for voxtral_tts.bench alone.
void bind_bench(pybind11::module_& module);

// Ends calls that other threads have running before Python ends.
void bind_exit(pybind11::module_& module);

// _set_log, _set_log_level: the library's messages (python_log.h).
void bind_log(pybind11::module_& module);

// write_wav, to_s16le.
void bind_audio(pybind11::module_& module);

} // namespace voxtral_tts::bindings
