#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "voxtral_tts/error.h"
#include "voxtral_tts/voice.h"

namespace voxtral_tts {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

class VoiceFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(dir_ / "folder.pt");
    for (const char* name :
         {"b.pt",
          "a.safetensors",
          "both.pt",
          "both.safetensors",
          "notes.txt",
          "._b.pt",
          ".pt",
          "name with.dots.pt"}) {
      std::ofstream(dir_ / name) << "x";
    }
    std::ofstream(root_ / "outside.pt") << "x";
  }

  void TearDown() override {
    fs::remove_all(root_);
  }

  std::string error_of(const std::string& name) const {
    try {
      find_voice(dir_, name);
    } catch (const Error& error) {
      EXPECT_EQ(error.error_class(), ErrorClass::kVoice);
      return error.what();
    }
    ADD_FAILURE() << "found";
    return "";
  }

  fs::path root_ = fs::path(testing::TempDir()) /
                   ("voice_files-" + std::to_string(::getpid()));
  fs::path dir_ = root_ / "voices";
};

TEST_F(VoiceFilesTest, ListsSortedNamesOnce) {
  EXPECT_EQ(list_voices(dir_), (Names{"a", "b", "both", "name with.dots"}));
}

TEST_F(VoiceFilesTest, MissingDirectoryIsAnError) {
  try {
    list_voices(root_ / "none");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kVoice);
    EXPECT_NE(
        std::string(error.what()).find("copy voice_embedding there"),
        std::string::npos);
  }
}

TEST_F(VoiceFilesTest, FindsNamesAndPaths) {
  EXPECT_EQ(find_voice(dir_, "a"), dir_ / "a.safetensors");
  EXPECT_EQ(find_voice(dir_, "both"), dir_ / "both.pt");
  EXPECT_EQ(find_voice(dir_, "name with.dots"), dir_ / "name with.dots.pt");
  const fs::path outside = root_ / "outside.pt";
  EXPECT_EQ(find_voice(dir_, outside.string()), outside);
  EXPECT_EQ(find_voice(root_ / "none", outside.string()), outside);
}

TEST_F(VoiceFilesTest, UnknownNamesListTheKnownOnes) {
  EXPECT_NE(
      error_of("c").find("has: a, b, both, name with.dots"), std::string::npos);
}

TEST_F(VoiceFilesTest, NamesDoNotLeadOut) {
  using std::string_literals::operator""s;
  for (const std::string& name :
       {"../outside"s,
        "../../etc/passwd"s,
        "/etc/passwd"s,
        ""s,
        "."s,
        "folder"s,
        "CON"s,
        "b\0"s,
        "b.pt\0.pt"s,
        (root_ / "outside.pt\0.pt"s).string(),
        dir_.string() + "/b",
        std::string(4096, 'x')}) {
    EXPECT_LT(error_of(name).size(), 1000);
  }
}

} // namespace
} // namespace voxtral_tts
