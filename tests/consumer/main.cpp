// Speaks six frames through the installed library, and catches its error type
// across the library's boundary. Usage: consumer FOLDER
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include <voxtral_tts/voxtral_tts.h>

namespace {

constexpr int kFrames = 6;

bool missing_model_is_our_error(const std::filesystem::path& folder) {
  try {
    voxtral_tts::Runner(folder / "missing.pte", folder / "codec_decoder.pte");
  } catch (const voxtral_tts::Error& error) {
    return error.error_class() == voxtral_tts::ErrorClass::kModelLoad;
  }
  return false;
}

bool speaks(const std::filesystem::path& folder) {
  voxtral_tts::Runner runner(
      folder / "model.pte", folder / "codec_decoder.pte");
  voxtral_tts::SynthesisOptions options;
  options.max_frames = kFrames;
  const voxtral_tts::Audio audio = runner.synthesize("Hello.", options);
  std::printf("%s\n", voxtral_tts::to_json(audio.stats).c_str());
  const bool finite = std::ranges::all_of(
      audio.samples, [](float sample) { return std::isfinite(sample); });
  const auto expected = static_cast<size_t>(kFrames) *
                        static_cast<size_t>(runner.samples_per_frame());
  return finite && audio.stats.peak > 0 && audio.samples.size() == expected;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: consumer FOLDER\n", stderr);
    return 2;
  }
  if (!missing_model_is_our_error(argv[1])) {
    std::fputs("a missing model was not reported as ModelLoad\n", stderr);
    return 1;
  }
  if (!speaks(argv[1])) {
    std::fputs("the audio is not what was asked for\n", stderr);
    return 1;
  }
  return 0;
}
