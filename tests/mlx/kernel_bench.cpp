// Times our CPU matrix products beside MLX's own, on the model's shapes:
//   kernel_bench [--no-mlx] [--f32] [--threads N] [--quick]
// The level is VOXTRAL_TTS_CPU's. Weights are cycled through copies larger than
// the last-level cache.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include <time.h>

#include <mlx/mlx.h>

#include "kernels/levels.h"
#include "kernels/matmul.h"
#include "simd/level.h"
#include "simd/tasks.h"

namespace {

namespace mx = mlx::core;
namespace delegate = voxtral_tts::mlx_delegate;

constexpr size_t kCacheBytes = 96 << 20;

double now_ms(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e3 +
         static_cast<double>(time.tv_nsec) * 1e-6;
}

// Milliseconds per call. With one thread, cpu is what a call would take on a
// core of its own; on a busy machine only that says much.
struct Times {
  double wall;
  double best_wall;
  double cpu;
};

double median(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Times measure(const std::function<void(int)>& call, double budget_ms) {
  std::vector<double> wall;
  std::vector<double> cpu;
  double total = 0;
  call(0);
  for (int i = 1; i < 400 && (i < 4 || total < budget_ms); ++i) {
    const double start = now_ms(CLOCK_MONOTONIC);
    const double cpu_start = now_ms(CLOCK_PROCESS_CPUTIME_ID);
    call(i);
    wall.push_back(now_ms(CLOCK_MONOTONIC) - start);
    cpu.push_back(now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu_start);
    total += wall.back();
  }
  const double wall_median = median(wall);
  return {wall_median, wall[0], median(cpu)};
}

void report(
    const std::string& name, int m, int n, int k, double bytes, Times time) {
  const double flops = 2.0 * m * n * k;
  std::printf(
      "%-20s M=%-3d N=%-4d K=%-4d  %8.3f ms (best %8.3f, cpu %8.3f)  cpu: "
      "%6.2f "
      "GB/s %7.2f GFLOP/s\n",
      name.c_str(),
      m,
      n,
      k,
      time.wall,
      time.best_wall,
      time.cpu,
      bytes / time.cpu / 1e6,
      flops / time.cpu / 1e6);
  std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv) {
  bool with_mlx = true;
  bool quick = false;
  mx::Dtype type = mx::bfloat16;
  int group_size = 64;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--no-mlx") {
      with_mlx = false;
    } else if (option == "--f32") {
      type = mx::float32;
    } else if (option == "--quick") {
      quick = true;
    } else if (option == "--threads" && i + 1 < argc) {
      voxtral_tts::simd::set_task_threads(std::atoi(argv[++i]));
    } else if (option == "--group" && i + 1 < argc) {
      group_size = std::atoi(argv[++i]);
    } else {
      std::fprintf(stderr, "unknown option %s\n", option.c_str());
      return 2;
    }
  }
  mx::set_default_device(mx::Device::cpu);
  const mx::Stream stream = mx::default_stream(mx::Device::cpu);
  const double budget = quick ? 150 : 600;
  std::printf(
      "level %s\n", voxtral_tts::simd::to_string(voxtral_tts::simd::level()));

  struct Shape {
    int n;
    int k;
  };
  std::vector<Shape> shapes{{9216, 3072}, {4096, 3072}, {3072, 9216}};
  if (quick) {
    shapes.resize(1);
  }
  for (const auto [n, k] : shapes) {
    for (const int bits : {4, 8, 2}) {
      if (bits != 4 && quick) {
        continue;
      }
      const size_t bytes =
          static_cast<size_t>(n) * k * bits / 8 +
          static_cast<size_t>(n) * k / group_size * 2 * type.size();
      std::vector<std::vector<mx::array>> weights;
      for (size_t i = 0; i == 0 || i * bytes < kCacheBytes; ++i) {
        mx::array words =
            mx::random::bits({n, k * bits / 32}, 4, std::nullopt, stream);
        mx::array scales = mx::astype(
            mx::random::uniform(0.001f, 0.01f, {n, k / group_size}), type);
        mx::array biases = mx::astype(
            scales * mx::array(-static_cast<float>(1 << (bits - 1))), type);
        weights.push_back({words, scales, biases});
        mx::eval(weights.back());
      }
      // What reading the packed weights alone takes.
      uint64_t sink = 0;
      report(
          "plain read",
          0,
          n,
          k,
          static_cast<double>(weights[0][0].nbytes()),
          measure(
              [&](int i) {
                const mx::array& w =
                    weights[static_cast<size_t>(i) % weights.size()][0];
                const auto* words = w.data<uint64_t>();
                const size_t count = w.nbytes() / 8;
                for (size_t j = 0; j < count; j += 8) { // once per line
                  sink += words[j];
                }
              },
              budget / 4));
      if (sink == 1) {
        std::printf("\n"); // never: keeps the reads
      }
      for (const int m : {1, 2, 6, 8, 64, 512}) {
        if (bits != 4 && m != 1 && m != 6) {
          continue;
        }
        const mx::array x = mx::astype(mx::random::normal({m, k}), type);
        mx::eval(x);
        const std::string name = std::to_string(bits) + "bit g" +
                                 std::to_string(group_size) +
                                 (type == mx::bfloat16 ? " bf16" : " f32");
        report(
            "ours " + name,
            m,
            n,
            k,
            static_cast<double>(bytes),
            measure(
                [&](int i) {
                  const auto& w =
                      weights[static_cast<size_t>(i) % weights.size()];
                  mx::eval(
                      delegate::quantized_matmul(
                          x, w[0], w[1], w[2], group_size, bits, stream));
                },
                budget));
        if (with_mlx && m <= 8) {
          report(
              "mlx  " + name,
              m,
              n,
              k,
              static_cast<double>(bytes),
              measure(
                  [&](int i) {
                    const auto& w =
                        weights[static_cast<size_t>(i) % weights.size()];
                    mx::eval(
                        mx::quantized_matmul(
                            x,
                            w[0],
                            w[1],
                            w[2],
                            true,
                            group_size,
                            bits,
                            "affine",
                            stream));
                  },
                  budget));
        }
      }
    }
    for (const mx::Dtype dense : {mx::bfloat16, mx::float32}) {
      const size_t bytes = static_cast<size_t>(n) * k * dense.size();
      std::vector<mx::array> weights;
      for (size_t i = 0; i < 2; ++i) {
        weights.push_back(
            mx::swapaxes(mx::astype(mx::random::normal({n, k}), dense), 0, 1));
        mx::eval(weights.back());
      }
      for (const int m : {1, 2, 6, 8, 64, 512}) {
        const mx::array x = mx::astype(mx::random::normal({m, k}), dense);
        mx::eval(x);
        const std::string name =
            dense == mx::bfloat16 ? "dense bf16" : "dense f32";
        report(
            "ours " + name,
            m,
            n,
            k,
            static_cast<double>(bytes),
            measure(
                [&](int i) {
                  mx::eval(
                      delegate::matmul(
                          x, weights[static_cast<size_t>(i) % 2], stream));
                },
                budget));
        if (with_mlx && m <= 8) {
          report(
              "mlx  " + name,
              m,
              n,
              k,
              static_cast<double>(bytes),
              measure(
                  [&](int i) {
                    mx::eval(
                        mx::matmul(
                            x, weights[static_cast<size_t>(i) % 2], stream));
                  },
                  budget));
        }
      }
    }
  }
  return 0;
}
