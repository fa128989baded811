// A voice's rows on disk are used only where they would be computed to the same
// bits: everything that decides about these has to be part of their name.
#include "engine/model_fingerprint.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "temporary_folder.h"

namespace voxtral_tts::engine {
namespace {

class ModelFingerprint : public testing::Test {
 protected:
  ModelFingerprint() {
    std::ofstream(model_) << "four";
    write_manifest('0');
  }
  void write_manifest(char digit) {
    std::ofstream(folder_ / "manifest.json")
        << R"({"files": {"model.pte": {"bytes": 4, "sha256": ")"
        << std::string(64, digit) << R"("}}})";
  }

  const TemporaryFolder folder_;
  const std::filesystem::path model_ = folder_ / "model.pte";
  const Platform platform_{"1", "2", "3", "4"};
};

TEST_F(ModelFingerprint, IsTheSameForTheSame) {
  ASSERT_TRUE(model_fingerprint(model_, platform_));
  EXPECT_EQ(
      model_fingerprint(model_, platform_),
      model_fingerprint(model_, platform_));
  EXPECT_EQ(
      model_fingerprint(model_), model_fingerprint(model_, this_platform()));
}

TEST_F(ModelFingerprint, EveryPartOfThePlatformCounts) {
  const auto before = model_fingerprint(model_, platform_);
  for (std::string Platform::* part :
       {&Platform::library,
        &Platform::executorch,
        &Platform::numerics,
        &Platform::cpu}) {
    Platform other = platform_;
    other.*part = "another";
    EXPECT_NE(model_fingerprint(model_, other), before);
  }
  EXPECT_NE(model_fingerprint(model_, {"12", "", "3", "4"}), before);
}

TEST_F(ModelFingerprint, ThePlatformIsKnown) {
  const Platform here = this_platform();
  EXPECT_NE(here.library.find('.'), std::string::npos) << here.library;
  EXPECT_NE(here.executorch.find('.'), std::string::npos) << here.executorch;
  EXPECT_EQ(here.numerics.size(), 64u) << here.numerics; // a SHA-256
  EXPECT_FALSE(here.cpu.empty());
  EXPECT_NE(here.library, here.executorch);
}

TEST_F(ModelFingerprint, AnotherModelOrManifestHasAnother) {
  const auto before = model_fingerprint(model_, platform_);
  write_manifest('1');
  const auto other = model_fingerprint(model_, platform_);
  EXPECT_NE(other, before);
  std::filesystem::last_write_time(
      model_,
      std::filesystem::last_write_time(model_) + std::chrono::seconds(1));
  EXPECT_NE(model_fingerprint(model_, platform_), other);
}

TEST_F(ModelFingerprint, IsNotGivenForWhatTheManifestDoesNotDescribe) {
  std::ofstream(model_) << "longer";
  EXPECT_FALSE(model_fingerprint(model_, platform_));
  std::filesystem::remove(folder_ / "manifest.json");
  EXPECT_FALSE(model_fingerprint(model_, platform_));
}

} // namespace
} // namespace voxtral_tts::engine
