// Several Runners in threads, and one that threads share: for ThreadSanitizer.
// Oracle: a Runner alone; a shared one answers the same or is busy.
// Usage: voxtral_tts_runner_threads FOLDER
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <vector>

#include <voxtral_tts/voxtral_tts.h>

namespace {

using voxtral_tts::Runner;

constexpr int kThreads = 4;
constexpr int kRounds = 3;

// Text and seed differ from thread to thread.
std::vector<float> speak(Runner& runner, int number) {
  voxtral_tts::SynthesisOptions options;
  options.seed = static_cast<uint64_t>(number);
  options.max_frames = 3;
  return runner.synthesize("Hello " + std::to_string(number) + ".", options)
      .samples;
}

Runner load(const std::filesystem::path& folder) {
  voxtral_tts::LoadOptions options;
  options.num_threads = 2;
  return {folder / "model.pte", folder / "codec_decoder.pte", options};
}

template <typename Body>
void in_threads(Body&& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back(body, i);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: voxtral_tts_runner_threads FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  Runner shared = load(folder);
  std::vector<std::vector<float>> alone;
  for (int i = 0; i < kThreads; ++i) {
    alone.push_back(speak(shared, i));
  }

  std::atomic<int> right{0};
  in_threads([&](int i) {
    Runner own = load(folder);
    for (int round = 0; round < kRounds; ++round) {
      right += speak(own, i) == alone[static_cast<size_t>(i)];
    }
  });

  std::atomic<int> answered{0};
  std::atomic<int> busy{0};
  in_threads([&](int i) {
    for (int round = 0; round < kRounds; ++round) {
      try {
        answered += speak(shared, i) == alone[static_cast<size_t>(i)];
      } catch (const voxtral_tts::Error& error) {
        busy += error.error_class() == voxtral_tts::ErrorClass::kBusy;
      }
    }
  });
  // Before an utterance is over another has to find the runner busy.
  const auto stream = shared.stream("Hello.");
  in_threads([&](int i) {
    try {
      speak(shared, i);
    } catch (const voxtral_tts::Error& error) {
      busy += error.error_class() == voxtral_tts::ErrorClass::kBusy;
    }
  });

  constexpr int kCalls = kThreads * kRounds;
  std::printf(
      "own runners: %d of %d right; shared: %d right, %d busy of %d\n",
      right.load(),
      kCalls,
      answered.load(),
      busy.load(),
      kCalls + kThreads);
  const bool all_right = right == kCalls && answered > 0 && busy >= kThreads &&
                         answered + busy == kCalls + kThreads;
  return all_right ? 0 : 1;
}
