// Numbered tasks on the thread pool that ExecuTorch's backends share.
#pragma once

#include <cstdint>

#include <executorch/runtime/core/function_ref.h>

namespace voxtral_tts::simd {

using Task = executorch::runtime::FunctionRef<void(int64_t)>;

// Runs task(0) ... task(count - 1), each once, in any order and on any thread
// of the pool; rethrows the first exception when all threads have stopped.
// Allocates nothing.
void run_tasks(int64_t count, Task task);

// For tests: at most this many threads (0: as many as the pool has).
void set_task_threads(int64_t threads);

} // namespace voxtral_tts::simd
