#include "model/runtime.h"

#ifdef __linux__
#include <sched.h>
#endif
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

#include <executorch/runtime/platform/platform.h>

#include "operators/operators.h"
#include "simd/level.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/log.h"

// The wheel exports the pool but ships no header for it. Its version is pinned,
// and only these two members of a class it allocates itself are called.
namespace executorch::extension::threadpool {
class ThreadPool {
 public:
  size_t get_thread_count() const;
  bool _unsafe_reset_threadpool(uint32_t num_threads);
};
ThreadPool* get_threadpool();
} // namespace executorch::extension::threadpool

namespace voxtral_tts::model {
namespace {

void forward_runtime_log(
    et_timestamp_t,
    et_pal_log_level_t level,
    const char* filename,
    const char*,
    size_t line,
    const char* message,
    size_t length) {
  log_debug(
      "executorch %c %s:%zu: %.*s",
      static_cast<char>(level),
      filename,
      line,
      static_cast<int>(length),
      message);
}

// The runtime counts physical cores, of which a virtual machine with two CPUs
// has one. Elsewhere than on Linux its own choice (performance cores) stands.
int available_cpus() {
#ifdef __linux__
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) {
    return CPU_COUNT(&set);
  }
#endif
  return 0;
}

void size_thread_pool(int num_threads) {
  auto* pool = executorch::extension::threadpool::get_threadpool();
  const int wanted = num_threads > 0 ? num_threads : available_cpus();
  if (pool != nullptr && wanted > 0 &&
      pool->get_thread_count() != static_cast<size_t>(wanted)) {
    pool->_unsafe_reset_threadpool(static_cast<uint32_t>(wanted));
  }
}

// After fork() the runtimes' threads are missing, and a lock that one of them
// held stays locked: whoever goes on waits for ever.
void check_process() {
  static std::atomic<pid_t> first_in = 0;
  const pid_t here = ::getpid();
  pid_t owner = 0;
  if (!first_in.compare_exchange_strong(owner, here) && owner != here) {
    throw Error(
        ErrorClass::kUsage,
        "process " + std::to_string(owner) +
            " loaded a model before it forked this one, where models cannot be "
            "used any more; fork before the first is loaded, or start "
            "processes afresh (in Python: multiprocessing's 'spawn')");
  }
}

} // namespace

void prepare_runtime(int num_threads) {
  check_process();
  if (const std::string problem = simd::level_problem(); !problem.empty()) {
    throw Error(
        ErrorClass::kUsage, problem + "; unset it or name one of these");
  }
  static std::once_flag once;
  std::call_once(once, [num_threads] {
    operators::register_operators();
    log_debug("CPU kernels: %s", simd::to_string(simd::level()));
    executorch::runtime::register_pal(
        executorch::runtime::PalImpl::create(forward_runtime_log, __FILE__));
    size_thread_pool(num_threads);
  });
}

} // namespace voxtral_tts::model
