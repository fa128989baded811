// Oracle: one thread alone.
#include <thread>

#include <gmock/gmock.h>

#include "modules.h"

namespace voxtral_tts::mlx_delegate {
namespace {

using ::testing::Each;

constexpr int kRounds = 10;

TEST(BackendThreads, EachWithAProgramOfItsOwn) {
  Module alone(data_path("attention.pte"));
  const auto right = attend_all(alone);
  std::vector<int> equal(3);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < equal.size(); ++i) {
    threads.emplace_back([&, i] {
      Module module(data_path("attention.pte"), Module::LoadMode::Mmap);
      for (int round = 0; round < kRounds; ++round) {
        equal[i] += attend_all(module) == right;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(equal, Each(kRounds));
}

TEST(BackendThreads, OneProgramMovesBetweenThreads) {
  Module module(data_path("attention.pte"));
  std::vector<float> right;
  std::thread([&] { right = attend_all(module); }).join();
  EXPECT_EQ(right.size(), read_floats("attention.bin").size());
  for (int round = 0; round < kRounds; ++round) {
    std::vector<float> answers;
    // Every call from a thread that has not used MLX before.
    for (const AttentionCall call : kAttentionCalls) {
      std::thread([&] {
        const auto answer = attend(module, call);
        ASSERT_TRUE(answer.ok());
        answers.insert(answers.end(), answer->begin(), answer->end());
      }).join();
    }
    EXPECT_EQ(answers, right);
  }
}

TEST(BackendThreads, AProgramIsDestroyedByAnotherThread) {
  auto module = std::make_unique<Module>(data_path("attention.pte"));
  const auto right = attend_all(*module);
  std::thread([&] { module.reset(); }).join();
  Module again(data_path("attention.pte"));
  EXPECT_EQ(attend_all(again), right);
}

} // namespace
} // namespace voxtral_tts::mlx_delegate
