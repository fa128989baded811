// For `python -m voxtral_tts.bench`, and no part of voxtral_tts.h: the memory's
// read bandwidth, and single methods of any program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "voxtral_tts/export.h"
#include "voxtral_tts/options.h"

namespace voxtral_tts {

// GB/s (1e9 bytes) over the passes.
struct ReadBandwidth {
  double best = 0;
  double median = 0;
};

// Sums a buffer of `bytes` as 64-bit words on `threads` threads, `passes` times
// after one that touches its pages. Give many times the last-level cache.
// threads 0: as many as there are CPUs. Throws Error{kUsage} for sizes or
// counts that make no sense, std::bad_alloc.
VOXTRAL_TTS_API ReadBandwidth
read_bandwidth(size_t bytes, int threads, int passes = 7);

// What to call, and how often.
struct MethodCalls {
  int64_t rows = 0;     // axis 1 of the first input; 0: its upper bound
  int64_t position = 0; // the value of every int64 [1] input
  int repeats = 10;
  bool trace = false;
};

// One instruction of the method's chain, summed over all calls.
struct TimedInstruction {
  int64_t index = 0; // in the program's first chain
  int64_t calls = 0;
  double total_ms = 0;
};

struct MethodTimes {
  double load_ms = 0;                         // of program and method
  std::vector<double> call_ms;                // [repeats], after one call more
  std::vector<TimedInstruction> instructions; // with `trace` only
};

// Times one method of a program. Inputs are made from the method's own
// signature: floats of rank 1 are 1, others pseudo-random in [-1, 1), integers
// 2 (a valid code and token) but for the position. Throws Error{kModelLoad,
// kModelMismatch, kUsage, kInternal}.
VOXTRAL_TTS_API MethodTimes time_method(
    const std::filesystem::path& program,
    const std::string& method,
    const MethodCalls& calls,
    Device device = Device::kAuto);

} // namespace voxtral_tts
