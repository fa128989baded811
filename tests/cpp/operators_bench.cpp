// How fast the CPU operators are on one thread, level beside level:
//   operators_bench [--mb MEGABYTES] [--rounds N] [LEVEL...]
// Levels are named as in VOXTRAL_TTS_CPU, by itself all that the machine has.
// A number is the best of the rounds in CPU time, which other load disturbs
// least; levels take turns. "bits" of the same number are the same results.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "operators/attend.h"
#include "operators/linear/linear.h"
#include "operators/linear/packed_weights.h"
#include "operators/rowwise.h"
#include "simd/level.h"
#include "simd/tasks.h"

namespace {

using namespace voxtral_tts;
using namespace voxtral_tts::operators;

std::vector<simd::Level> levels;
int rounds = 5;

double now() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_nsec) * 1e-9;
}

uint32_t bits_of(const std::vector<float>& values) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < values.size() * sizeof(float); ++i) {
    hash = (hash ^ bytes[i]) * 16777619u;
  }
  return hash;
}

// Prints one line for each level: `describe` tells more from the seconds.
void compare(
    const std::string& name,
    std::vector<float>& out,
    const std::function<void()>& run,
    const std::function<std::string(double)>& describe) {
  std::vector<double> best(levels.size(), 1e9);
  std::vector<uint32_t> bits(levels.size());
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < levels.size(); ++i) {
      simd::set_level(levels[i]);
      const double start = now();
      run();
      best[i] = std::min(best[i], now() - start);
      bits[i] = bits_of(out);
    }
  }
  for (size_t i = 0; i < levels.size(); ++i) {
    std::printf(
        "%-22s %-12s %9.3f ms  %-32s bits %08x\n",
        name.c_str(),
        simd::to_string(levels[i]),
        best[i] * 1e3,
        describe(best[i]).c_str(),
        bits[i]);
  }
  std::fflush(stdout);
}

std::string number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

std::vector<float> normal(size_t size, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> distribution;
  std::vector<float> values(size);
  for (float& value : values) {
    value = distribution(engine);
  }
  return values;
}

void bench_linear(int bits, int64_t megabytes) {
  PackedWeights weights;
  weights.bits = bits;
  weights.depth = 3072;
  weights.group_size = bits == 4 ? 32 : 3072;
  const int64_t all_columns =
      megabytes * 1024 * 1024 * 8 / bits / weights.depth / 32 * 32;
  weights.columns = all_columns;
  std::vector<uint64_t> values(
      static_cast<size_t>(weights.tiles() * weights.tile_bytes() / 8));
  std::mt19937_64 engine(1);
  std::generate(values.begin(), values.end(), engine);
  std::vector<uint16_t> half_scales(
      static_cast<size_t>(weights.tiles() * weights.groups() * 32), 0x3c23);
  std::vector<float> float_scales(half_scales.size(), 0.01f);
  std::vector<float> sums(static_cast<size_t>(weights.tiles() * 32), 0.5f);
  weights.values = reinterpret_cast<const uint8_t*>(values.data());
  weights.scales = bits == 4 ? static_cast<const void*>(half_scales.data())
                             : float_scales.data();
  weights.sums = sums.data();
  for (const int64_t rows : {1, 2, 6, 12, 24, 64, 251}) {
    weights.columns =
        rows > 6 ? all_columns / (rows / 6) / 32 * 32 : all_columns;
    const auto x = normal(static_cast<size_t>(rows * weights.depth), 2);
    std::vector<float> out(static_cast<size_t>(rows * weights.columns));
    std::vector<std::byte> scratch(linear_scratch_size(weights, rows));
    const auto bytes =
        static_cast<double>(weights.tiles() * weights.tile_bytes());
    compare(
        std::to_string(bits) + " bits, rows " + std::to_string(rows),
        out,
        [&] { linear(weights, x.data(), rows, scratch.data(), out.data()); },
        [&](double seconds) {
          return number("%7.2f GB/s", bytes / seconds / 1e9) +
                 number(
                     "  %7.1f GMAC/s",
                     bytes * 8 / bits * static_cast<double>(rows) / seconds /
                         1e9);
        });
  }
}

// One layer of the language model: 32 heads, 8 key heads of 128.
void bench_attend(KvType type, const char* name) {
  constexpr int64_t kCapacity = 4096;
  const AttendShape shape{1, 1, 32, 8, 128};
  const size_t size = type == KvType::kFloat32 ? 4 : 2;
  std::vector<std::byte> keys(kCapacity * 1024 * size);
  std::vector<std::byte> values(keys.size());
  for (const int64_t rows : {300, 1500, 3000}) {
    const KvCache cache{keys.data(), values.data(), kCapacity, type};
    for (int64_t row = 0; row <= rows; row += 100) { // fills the cache
      const auto q = normal(100 * 4096, 1);
      const auto k = normal(100 * 1024, 2 + static_cast<unsigned>(row));
      const auto v = normal(100 * 1024, 3 + static_cast<unsigned>(row));
      std::vector<float> out(100 * 4096);
      AttendShape piece = shape;
      piece.rows = 100;
      if (rows == 300) {
        attend(
            piece,
            {row, nullptr, nullptr, 0},
            q.data(),
            k.data(),
            v.data(),
            cache,
            nullptr,
            out.data());
      } else { // its keys suffice
        piece.heads = 8;
        std::vector<float> few(100 * 1024);
        attend(
            piece,
            {row, nullptr, nullptr, 0},
            q.data(),
            k.data(),
            v.data(),
            cache,
            nullptr,
            few.data());
      }
    }
    const auto q = normal(4096, 5);
    const auto k = normal(1024, 6);
    const auto v = normal(1024, 7);
    std::vector<float> out(4096);
    compare(
        std::string(name) + ", row " + std::to_string(rows),
        out,
        [&] {
          attend(
              shape,
              {rows, nullptr, nullptr, 0},
              q.data(),
              k.data(),
              v.data(),
              cache,
              nullptr,
              out.data());
        },
        [&](double seconds) {
          return number(
              "%7.2f GB/s",
              static_cast<double>(rows * 2048) * static_cast<double>(size) /
                  seconds / 1e9);
        });
  }
}

void bench_rows() {
  const auto x = normal(220 * 2 * 9216, 1);
  std::vector<float> out(220 * 9216);
  const auto nothing = [](double) { return std::string(); };
  compare(
      "swiglu, rows 220",
      out,
      [&] { swiglu(x.data(), 220, 9216, out.data()); },
      nothing);
  std::vector<float> normed(220 * 3072);
  compare(
      "rms_norm, rows 220",
      normed,
      [&] { rms_norm(x.data(), x.data(), 1e-5f, 220, 3072, normed.data()); },
      nothing);
  std::vector<float> few(3 * 4096);
  compare(
      "attend_all, 3 rows",
      few,
      [&] {
        attend_all(
            {1, 3, 32, 8, 128},
            3,
            x.data(),
            x.data() + 12288,
            x.data() + 24576,
            few.data());
      },
      nothing);
}

} // namespace

int main(int argc, char** argv) {
  int64_t megabytes = 256;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--mb" && i + 1 < argc) {
      megabytes = std::max(1, std::atoi(argv[++i]));
    } else if (argument == "--rounds" && i + 1 < argc) {
      rounds = std::max(1, std::atoi(argv[++i]));
    } else if (
        const std::string problem = simd::level_problem(argument);
        !problem.empty()) {
      std::fprintf(stderr, "%s\n", problem.c_str());
      return 2;
    } else {
      for (const simd::Level level : simd::kLevels) {
        if (argument == simd::to_string(level)) {
          levels.push_back(level);
        }
      }
    }
  }
  if (levels.empty()) {
    std::copy_if(
        std::begin(simd::kLevels),
        std::end(simd::kLevels),
        std::back_inserter(levels),
        simd::has_level);
  }
  simd::set_task_threads(1);
  bench_linear(4, megabytes);
  bench_linear(8, megabytes);
  bench_attend(KvType::kBfloat16, "attend bf16");
  bench_attend(KvType::kFloat16, "attend f16");
  bench_attend(KvType::kFloat32, "attend f32");
  bench_rows();
  return 0;
}
