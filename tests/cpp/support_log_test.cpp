#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "voxtral_tts/log.h"

namespace voxtral_tts {
namespace {

class LogTest : public testing::Test {
 protected:
  void TearDown() override {
    set_log_sink(nullptr, LogLevel::kOff);
  }

  using Messages = std::vector<std::pair<LogLevel, std::string>>;
  Messages messages_;
  LogSink recorder_ = [this](LogLevel level, std::string_view text) {
    messages_.emplace_back(level, text);
  };
};

TEST_F(LogTest, IsSilentUntilASinkIsSet) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  log_error("nobody listens: %d", 1);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(LogTest, FormatsAndFiltersByLevel) {
  set_log_sink(recorder_, LogLevel::kInfo);
  log_error("error %d", 1);
  log_warning("warning %s", "two");
  log_info("info %.1f", 3.0);
  log_debug("debug");
  EXPECT_EQ(
      messages_,
      (Messages{
          {LogLevel::kError, "error 1"},
          {LogLevel::kWarning, "warning two"},
          {LogLevel::kInfo, "info 3.0"}}));
}

TEST_F(LogTest, LongMessagesAreNotCut) {
  set_log_sink(recorder_, LogLevel::kDebug);
  const std::string text(10'000, 'x');
  log_debug("%s", text.c_str());
  ASSERT_EQ(messages_.size(), 1);
  EXPECT_EQ(messages_[0].second, text);
}

TEST_F(LogTest, ASinkMayThrowOrLog) {
  set_log_sink(
      [](LogLevel, std::string_view) { throw std::runtime_error("sink"); },
      LogLevel::kInfo);
  log_info("swallowed");
  int calls = 0;
  set_log_sink(
      [&calls](LogLevel, std::string_view) {
        if (++calls < 3) {
          log_info("again");
        }
      },
      LogLevel::kInfo);
  log_info("first");
  EXPECT_EQ(calls, 3);
}

TEST_F(LogTest, ManyThreadsMayLogWhileTheSinkChanges) {
  std::atomic<int> received{0};
  const LogSink counter = [&received](LogLevel, std::string_view) {
    ++received;
  };
  set_log_sink(counter, LogLevel::kInfo);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int message = 0; message < 500; ++message) {
        log_info("%d", message);
      }
    });
  }
  for (int i = 0; i < 100; ++i) {
    set_log_sink(counter, LogLevel::kInfo);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(received, 2000);
}

} // namespace
} // namespace voxtral_tts
