#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/stopwatch.h"
#include "voxtral_tts/bench.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts {
namespace {

constexpr int kMaxThreads = 1024;
constexpr size_t kLanes = 32; // four AVX-512 registers: enough loads in flight

// Lanes of their own let the compiler keep several loads under way.
uint64_t sum(const uint64_t* words, size_t count) {
  uint64_t lanes[kLanes] = {};
  for (size_t i = 0; i + kLanes <= count; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += words[i + lane];
    }
  }
  uint64_t total = 0;
  for (const uint64_t lane : lanes) {
    total += lane;
  }
  return total;
}

// Every thread reads a part of its own; the time of the whole.
double pass_ms(
    const uint64_t* words,
    size_t count,
    int threads,
    std::vector<uint64_t>& sums) {
  const size_t part = count / static_cast<size_t>(threads);
  const support::Stopwatch watch;
  std::vector<std::thread> others;
  const auto join = [&] {
    for (std::thread& other : others) {
      other.join();
    }
  };
  try {
    for (int i = 1; i < threads; ++i) {
      others.emplace_back([=, &sums] {
        const auto index = static_cast<size_t>(i);
        sums[index] += sum(words + index * part, part);
      });
    }
  } catch (...) { // the system has no more threads
    join();
    throw;
  }
  sums[0] += sum(words, part);
  join();
  return watch.elapsed_ms();
}

} // namespace

ReadBandwidth read_bandwidth(size_t bytes, int threads, int passes) {
  if (threads == 0) {
    threads =
        std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }
  if (threads < 0 || threads > kMaxThreads || passes < 1 ||
      bytes < static_cast<size_t>(threads) * kLanes * sizeof(uint64_t)) {
    throw Error(
        ErrorClass::kUsage,
        "read_bandwidth: " + std::to_string(bytes) + " bytes, " +
            std::to_string(threads) + " threads, " + std::to_string(passes) +
            " passes");
  }
  const size_t count = bytes / sizeof(uint64_t);
  const auto buffer = std::make_unique_for_overwrite<uint64_t[]>(count);
  std::fill_n(buffer.get(), count, uint64_t{1}); // or all pages are one
  std::vector<uint64_t> sums(static_cast<size_t>(threads));
  std::vector<double> rates;
  for (int pass = 0; pass < passes; ++pass) {
    const double ms = pass_ms(buffer.get(), count, threads, sums);
    rates.push_back(static_cast<double>(bytes) / ms / 1e6);
  }
  uint64_t total = 0;
  for (const uint64_t value : sums) {
    total += value;
  }
  if (total == 0) { // never: keeps the reads
    throw Error(ErrorClass::kInternal, "read_bandwidth: nothing was read");
  }
  std::sort(rates.begin(), rates.end());
  return {rates.back(), rates[rates.size() / 2]};
}

} // namespace voxtral_tts
