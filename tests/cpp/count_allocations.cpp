// Counts the allocations of each frame of an utterance, ours and the runtime's
// apart, and prints them as JSON:
//   voxtral_tts_count_allocations MODEL CODEC [--frames N] [--inject]
// A frame reaches from one poll to the next; a single chunk of 32 frames keeps
// the codec out of all but the last. Inside Method::execute an allocation is
// the runtime's, on whichever thread; elsewhere it is ours. --inject makes
// one of our own in every frame, which a gate has to notice.
#include <dlfcn.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <vector>

#include <executorch/runtime/executor/method.h>

#include "voxtral_tts/runner.h"

namespace {

std::atomic<int64_t> g_ours{0};
std::atomic<int64_t> g_runtime{0};
std::atomic<int64_t> g_executes{0};
std::atomic<bool> g_inside{false};

void count() {
  (g_inside.load() ? g_runtime : g_ours).fetch_add(1);
}

} // namespace

// glibc's own names behind the ones that are replaced; `free` fits both.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* pointer, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

__attribute__((visibility("default"))) void* malloc(size_t size) {
  count();
  return __libc_malloc(size);
}
__attribute__((visibility("default"))) void* calloc(size_t n, size_t size) {
  count();
  return __libc_calloc(n, size);
}
__attribute__((visibility("default"))) void* realloc(
    void* pointer, size_t size) {
  count();
  return __libc_realloc(pointer, size);
}
__attribute__((visibility("default"))) void* memalign(
    size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
__attribute__((visibility("default"))) void* aligned_alloc(
    size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
__attribute__((visibility("default"))) int posix_memalign(
    void** pointer, size_t alignment, size_t size) {
  count();
  *pointer = __libc_memalign(alignment, size);
  return *pointer == nullptr ? 12 : 0;
}
}

// Stands before the runtime's own, which the library would call.
namespace executorch::runtime {
__attribute__((visibility("default"))) Error Method::execute() {
  using Function = Error (*)(Method*);
  static const auto original = reinterpret_cast<Function>(
      dlsym(RTLD_NEXT, "_ZN10executorch7runtime6Method7executeEv"));
  g_executes.fetch_add(1);
  g_inside = true;
  const Error error = original(this);
  g_inside = false;
  return error;
}
} // namespace executorch::runtime

namespace {

struct Counts {
  int64_t ours;
  int64_t runtime;
  int64_t executes;
};

constexpr int kChunk = 32; // max_chunk_frames of docs/contract.md

// The differences of the last `count`: before them are the prefill, which looks
// between its pieces, and what is made once.
void print(
    const char* name,
    const std::vector<Counts>& seen,
    size_t count,
    auto member) {
  std::printf("\"%s\": [", name);
  const size_t first = seen.size() - count;
  for (size_t i = first; i < seen.size(); ++i) {
    std::printf(
        "%s%lld",
        i == first ? "" : ", ",
        static_cast<long long>(seen[i].*member - seen[i - 1].*member));
  }
  std::printf("]");
}

int run(int argc, char** argv) {
  int frames = 24;
  bool inject = false;
  for (int i = 3; i < argc; ++i) {
    if (std::strcmp(argv[i], "--inject") == 0) {
      inject = true;
    } else if (std::strcmp(argv[i], "--frames") == 0 && i + 1 < argc) {
      frames = std::atoi(argv[++i]);
    }
  }
  if (argc < 3 || frames < 4 || frames >= kChunk) {
    std::fprintf(
        stderr, "MODEL CODEC [--frames 4..%d] [--inject]\n", kChunk - 1);
    return 2;
  }
  voxtral_tts::Runner runner(argv[1], argv[2]);
  voxtral_tts::SynthesisOptions options;
  options.max_frames = frames;
  options.chunk_frames = kChunk;
  auto stream =
      runner.stream("It took me quite a long time to speak.", options);
  std::vector<Counts> seen;
  seen.reserve(1000); // the prefill's looks too
  void* volatile injected = nullptr;
  stream.set_poll([&] {
    seen.push_back({g_ours.load(), g_runtime.load(), g_executes.load()});
    if (inject) {
      injected = std::malloc(16);
      std::free(injected);
    }
  });
  while (stream.next()) {
  }
  const size_t counted = static_cast<size_t>(frames) - 2;
  std::printf("{");
  print("ours", seen, counted, &Counts::ours);
  std::printf(", ");
  print("runtime", seen, counted, &Counts::runtime);
  std::printf(", ");
  print("executes", seen, counted, &Counts::executes);
  std::printf("}\n");
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
