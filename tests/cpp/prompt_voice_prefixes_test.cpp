// Oracle: the fake model's cache after computing a voice's rows.
#include "prompt/voice_prefixes.h"

#include <gmock/gmock.h>

#include <numeric>

#include "fake_speech_model.h"
#include "temporary_folder.h"

namespace voxtral_tts::prompt {
namespace {

constexpr size_t kRows = 6; // at most four per step

std::vector<float> voice(float first) {
  std::vector<float> rows(2 * kRows);
  std::iota(rows.begin(), rows.end(), first);
  return rows;
}

std::vector<std::byte> rows_of(float first) {
  FakeSpeechModel model;
  VoicePrefixes(model, {.reuse = false}, {}).provide(voice(first));
  return model.cache(kRows);
}

// Whatever the source, the rows have to be right, and steps counted.
PrefixSource provide(
    VoicePrefixes& prefixes, FakeSpeechModel& model, float first) {
  const size_t calls = model.calls.size();
  const ProvidedPrefix provided = prefixes.provide(voice(first));
  EXPECT_EQ(provided.rows, static_cast<int64_t>(kRows));
  EXPECT_EQ(static_cast<size_t>(provided.executes), model.calls.size() - calls);
  EXPECT_EQ(provided.executes > 0, provided.source == PrefixSource::kComputed);
  if (!model.kv_buffers().empty()) {
    EXPECT_EQ(model.cache(kRows), rows_of(first));
  }
  return provided.source;
}

// What an utterance does after its prefix.
void speak(FakeSpeechModel& model) {
  model.step(
      std::vector<float>(4, 99.0f), static_cast<int64_t>(kRows), {}, 1.0f);
}

std::optional<PrefixFiles> files_in(
    const TemporaryFolder& folder, const FakeSpeechModel& model) {
  return PrefixFiles(folder / "cache", {}, model.kv_buffers());
}

TEST(VoicePrefixes, ComputesInPiecesAndKeepsTheLastVoice) {
  for (const bool host_cache : {true, false}) {
    FakeSpeechModel model(host_cache);
    VoicePrefixes prefixes(model, {}, {});
    EXPECT_EQ(provide(prefixes, model, 1), PrefixSource::kComputed);
    ASSERT_EQ(model.calls.size(), 2u);
    EXPECT_EQ(model.calls[0].position, 0);
    EXPECT_EQ(model.calls[0].rows.size(), 8u);
    EXPECT_EQ(model.calls[1].position, 4);
    EXPECT_EQ(model.calls[1].rows.size(), 4u);
    EXPECT_THAT(model.calls[1].flow_noise, ::testing::Each(0.0f));
    speak(model);
    EXPECT_EQ(provide(prefixes, model, 1), PrefixSource::kKept);
    EXPECT_EQ(provide(prefixes, model, 2), PrefixSource::kComputed);
    EXPECT_EQ(provide(prefixes, model, 2), PrefixSource::kKept);
    EXPECT_EQ(
        provide(prefixes, model, 1),
        host_cache ? PrefixSource::kMemory : PrefixSource::kComputed);
  }
}

TEST(VoicePrefixes, WithoutReuseComputesEveryTime) {
  const TemporaryFolder folder;
  FakeSpeechModel model;
  VoicePrefixes prefixes(model, {.reuse = false}, files_in(folder, model));
  EXPECT_EQ(provide(prefixes, model, 1), PrefixSource::kComputed);
  EXPECT_EQ(provide(prefixes, model, 1), PrefixSource::kComputed);
  prefixes.settle();
  EXPECT_FALSE(std::filesystem::exists(folder / "cache"));
}

TEST(VoicePrefixes, MemoryForgetsTheVoiceUnusedForLongest) {
  FakeSpeechModel model;
  VoicePrefixes prefixes(model, {.in_memory = 2}, {});
  for (const float first : {1.0f, 2.0f, 3.0f}) {
    EXPECT_EQ(provide(prefixes, model, first), PrefixSource::kComputed);
  }
  // One in place and two copies: all three are there.
  for (const float first : {1.0f, 3.0f, 2.0f, 1.0f, 2.0f}) {
    EXPECT_EQ(provide(prefixes, model, first), PrefixSource::kMemory);
  }
  EXPECT_EQ(provide(prefixes, model, 4), PrefixSource::kComputed); // 3 goes
  EXPECT_EQ(provide(prefixes, model, 1), PrefixSource::kMemory);
  EXPECT_EQ(provide(prefixes, model, 2), PrefixSource::kMemory);
  EXPECT_EQ(provide(prefixes, model, 3), PrefixSource::kComputed); // 4 goes
  EXPECT_EQ(provide(prefixes, model, 4), PrefixSource::kComputed);

  FakeSpeechModel other;
  VoicePrefixes none(other, {.in_memory = 0}, {});
  EXPECT_EQ(provide(none, other, 1), PrefixSource::kComputed);
  EXPECT_EQ(provide(none, other, 2), PrefixSource::kComputed);
  EXPECT_EQ(provide(none, other, 1), PrefixSource::kComputed);
  EXPECT_EQ(provide(none, other, 1), PrefixSource::kKept);
}

TEST(VoicePrefixes, AFailedStepLeavesNothingToKeep) {
  FakeSpeechModel model;
  VoicePrefixes prefixes(model, {}, {});
  EXPECT_EQ(provide(prefixes, model, 1), PrefixSource::kComputed);
  model.fail_at = model.calls.size() + 2; // the second piece of the next voice
  EXPECT_THROW(prefixes.provide(voice(2)), Error);
  model.fail_at.reset();
  // Half of 2 lies over 1, which has a copy; 2 has none.
  EXPECT_EQ(provide(prefixes, model, 1), PrefixSource::kMemory);
  EXPECT_EQ(provide(prefixes, model, 2), PrefixSource::kComputed);
}

TEST(VoicePrefixes, ForgetsCopiesAndFileOfAnUtteranceThatFailed) {
  const TemporaryFolder folder;
  FakeSpeechModel model;
  VoicePrefixes prefixes(model, {}, files_in(folder, model));
  provide(prefixes, model, 1);
  prefixes.settle();
  provide(prefixes, model, 2);
  EXPECT_EQ(provide(prefixes, model, 1), PrefixSource::kMemory);
  prefixes.forget();
  prefixes.forget();
  EXPECT_EQ(provide(prefixes, model, 1), PrefixSource::kComputed);
  EXPECT_EQ(provide(prefixes, model, 2), PrefixSource::kMemory);
}

TEST(VoicePrefixes, AnotherProcessFindsThemOnDisk) {
  const TemporaryFolder folder;
  FakeSpeechModel model;
  VoicePrefixes prefixes(model, {}, files_in(folder, model));
  provide(prefixes, model, 1);
  EXPECT_FALSE(std::filesystem::exists(folder / "cache"));
  provide(prefixes, model, 2); // 1 was never settled while it was in place
  prefixes.settle();

  FakeSpeechModel other;
  VoicePrefixes later(other, {}, files_in(folder, other));
  EXPECT_EQ(provide(later, other, 1), PrefixSource::kDisk);
  EXPECT_EQ(provide(later, other, 1), PrefixSource::kKept);
  EXPECT_EQ(provide(later, other, 2), PrefixSource::kDisk);
  EXPECT_EQ(provide(later, other, 1), PrefixSource::kMemory);
  EXPECT_TRUE(other.calls.empty());
}

TEST(VoicePrefixes, WritesAVoiceOnce) {
  const TemporaryFolder folder;
  FakeSpeechModel model;
  VoicePrefixes prefixes(model, {}, files_in(folder, model));
  provide(prefixes, model, 1);
  prefixes.settle();
  std::filesystem::remove_all(folder / "cache");
  provide(prefixes, model, 2);
  provide(prefixes, model, 1);
  prefixes.settle();
  const auto files = std::filesystem::directory_iterator(folder / "cache");
  EXPECT_EQ(std::distance(begin(files), end(files)), 1); // 2's
}

TEST(VoicePrefixes, ACacheInsideADelegateIsNotOnDisk) {
  const TemporaryFolder folder;
  FakeSpeechModel model(false);
  VoicePrefixes prefixes(model, {}, files_in(folder, model));
  provide(prefixes, model, 1);
  prefixes.settle();
  EXPECT_FALSE(std::filesystem::exists(folder / "cache"));
  EXPECT_EQ(provide(prefixes, model, 1), PrefixSource::kKept);
}

} // namespace
} // namespace voxtral_tts::prompt
