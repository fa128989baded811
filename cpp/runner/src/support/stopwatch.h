// Elapsed time in milliseconds on the monotonic clock.
#pragma once

#include <chrono>

namespace voxtral_tts::support {

class Stopwatch {
 public:
  double elapsed_ms() const {
    return std::chrono::duration<double, std::milli>(Clock::now() - start_)
        .count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

// Adds the lifetime of the object to a total, exceptions included.
class AddElapsed {
 public:
  explicit AddElapsed(double& total_ms) : total_ms_(total_ms) {
  }
  AddElapsed(const AddElapsed&) = delete;
  AddElapsed& operator=(const AddElapsed&) = delete;
  ~AddElapsed() {
    total_ms_ += watch_.elapsed_ms();
  }

 private:
  double& total_ms_;
  Stopwatch watch_;
};

} // namespace voxtral_tts::support
