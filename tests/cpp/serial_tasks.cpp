// simd/tasks.h without a thread pool, for kernels built without ExecuTorch.
#include "simd/tasks.h"

namespace voxtral_tts::simd {

void set_task_threads(int64_t) {
}

void run_tasks(int64_t count, Task task) {
  for (int64_t i = 0; i < count; ++i) {
    task(i);
  }
}

} // namespace voxtral_tts::simd
