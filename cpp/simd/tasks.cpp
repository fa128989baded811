#include "simd/tasks.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include <executorch/runtime/kernel/thread_parallel_interface.h>

namespace voxtral_tts::simd {
namespace {

std::atomic<int64_t> thread_limit{0};

} // namespace

void set_task_threads(int64_t threads) {
  thread_limit = threads;
}

void run_tasks(int64_t count, Task task) {
  int64_t threads =
      std::min<int64_t>(count, executorch::extension::get_thread_count());
  if (const int64_t limit = thread_limit; limit > 0) {
    threads = std::min(threads, limit);
  }
  if (threads <= 1) {
    for (int64_t i = 0; i < count; ++i) {
      task(i);
    }
    return;
  }
  // The pool deals out equal shares; a thread that lost its core to another
  // process would hold up the rest, so that each takes tasks as it goes.
  std::atomic<int64_t> next{0};
  next.store(0); // with the load below: order that ThreadSanitizer can see
  std::exception_ptr failure;
  std::mutex failure_mutex;
  executorch::extension::parallel_for(0, threads, 1, [&](int64_t, int64_t) {
    try {
      for (int64_t i = next++; i < count; i = next++) {
        task(i);
      }
    } catch (...) {
      next = count;
      const std::lock_guard lock(failure_mutex);
      failure = std::current_exception();
    }
  });
  static_cast<void>(next.load());
  if (failure) {
    std::rethrow_exception(failure);
  }
}

} // namespace voxtral_tts::simd
