#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

#include "cli/exit_code.h"

namespace voxtral_tts::cli {
namespace {

std::atomic<SpeechStream*> watched_stream{nullptr};
std::atomic<int> received_signal{0};
static_assert(std::atomic<SpeechStream*>::is_always_lock_free);
static_assert(std::atomic<int>::is_always_lock_free);

// Async-signal-safe calls only; cancel() is lock-free.
void on_signal(int number) {
  SpeechStream* const stream = watched_stream.load();
  const bool is_first = received_signal.exchange(number) == 0;
  if (is_first && stream != nullptr) {
    stream->cancel();
    return;
  }
  constexpr char kMessage[] = "error: Interrupted: stopped at once\n";
  [[maybe_unused]] const ssize_t count =
      ::write(STDERR_FILENO, kMessage, sizeof(kMessage) - 1);
  ::_exit(kExitSignalBase + number);
}

} // namespace

void install_signal_handlers() {
  struct sigaction action{};
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
  ::sigaction(SIGXFSZ, &action, nullptr);
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

InterruptWatch::InterruptWatch(SpeechStream& stream) {
  watched_stream.store(&stream);
}

InterruptWatch::~InterruptWatch() {
  watched_stream.store(nullptr);
}

int InterruptWatch::signal_number() const noexcept {
  return received_signal.load();
}

} // namespace voxtral_tts::cli
