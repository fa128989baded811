#include "bindings.h"
#include "voxtral_tts/version.h"

PYBIND11_MODULE(_core, module) {
  module.doc() = "Compiled part of voxtral_tts; use the package instead.";
  module.attr("__version__") = VOXTRAL_TTS_VERSION;
  module.attr("EXECUTORCH_VERSION") = VOXTRAL_TTS_EXECUTORCH_VERSION;
  voxtral_tts::bindings::bind_errors(module);
  voxtral_tts::bindings::bind_exit(module);
  voxtral_tts::bindings::bind_log(module);
  voxtral_tts::bindings::bind_runner(module);
  voxtral_tts::bindings::bind_audio(module);
  voxtral_tts::bindings::bind_bench(module);
}
