#include "support/cache_folder.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>

#include "temporary_folder.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::support {
namespace {

namespace fs = std::filesystem;
using ::testing::UnorderedElementsAre;

// Sets variables, nullptr for none, and puts the old ones back.
class Environment {
 public:
  explicit Environment(const std::map<std::string, const char*>& values) {
    for (const auto& [name, value] : values) {
      const char* before = std::getenv(name.c_str());
      before_[name] =
          before == nullptr ? std::nullopt : std::optional<std::string>(before);
      set(name, value);
    }
  }
  ~Environment() {
    for (const auto& [name, value] : before_) {
      set(name, value ? value->c_str() : nullptr);
    }
  }

 private:
  static void set(const std::string& name, const char* value) {
    value == nullptr ? ::unsetenv(name.c_str())
                     : ::setenv(name.c_str(), value, 1);
  }
  std::map<std::string, std::optional<std::string>> before_;
};

fs::path folder_with(const char* ours, const char* xdg, const char* home) {
  const Environment environment(
      {{"VOXTRAL_TTS_CACHE", ours}, {"XDG_CACHE_HOME", xdg}, {"HOME", home}});
  return default_cache_folder();
}

TEST(CacheFolder, FollowsTheEnvironment) {
#ifdef __APPLE__
  const fs::path home = "/h/Library/Caches/voxtral_tts";
#else
  const fs::path home = "/h/.cache/voxtral_tts";
#endif
  EXPECT_EQ(folder_with("/ours", "/xdg", "/h"), "/ours");
  EXPECT_EQ(folder_with("ours", "/xdg", "/h"), "ours");
  EXPECT_EQ(folder_with(nullptr, "/xdg", "/h"), "/xdg/voxtral_tts");
  EXPECT_EQ(folder_with("", "/xdg", "/h"), "/xdg/voxtral_tts");
  EXPECT_EQ(folder_with(nullptr, "relative", "/h"), home);
  EXPECT_EQ(folder_with(nullptr, nullptr, "/h"), home);
  EXPECT_EQ(folder_with(nullptr, nullptr, ""), "");
  EXPECT_EQ(folder_with(nullptr, nullptr, nullptr), "");
}

TEST(CacheFolder, FoldersAreTheUsersAlone) {
  const TemporaryFolder root;
  make_private_folder(root / "a/b");
  make_private_folder(root / "a/b");
  struct stat status{};
  for (const char* name : {"a", "a/b"}) {
    ASSERT_EQ(::stat((root / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
  }
  std::ofstream(root / "file") << "x";
  EXPECT_THROW(make_private_folder(root / "file"), Error);
  EXPECT_THROW(make_private_folder(root / "file/b"), Error);
  EXPECT_THROW(make_private_folder(std::string("a\0b", 3)), Error);
}

TEST(CacheFolder, WhatWasUnusedForLongestGoes) {
  const TemporaryFolder root;
  const auto add = [&](const std::string& name, int hours_ago) {
    std::ofstream(root / name) << "0123456789";
    fs::last_write_time(
        root / name,
        fs::file_time_type::clock::now() - std::chrono::hours(hours_ago));
    return root / name;
  };
  const auto names = [&] {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(root.path())) {
      found.push_back(entry.path().filename());
    }
    return found;
  };
  const auto named = [](char digit, const std::string& ending) {
    return "v-" + std::string(32, digit) + ending;
  };
  const std::string busy = named('4', ".kv.abc.part");
  const fs::path oldest = add(named('0', ".kv"), 9);
  add(named('1', ".kv"), 5);
  const fs::path recent = add(named('2', ".kv"), 1);
  add(named('3', ".kv.abc.part"), 2);
  add(busy, 0);
  // A user's own.
  const std::vector<std::string> foreign = {
      "other",
      "v-001.wav",
      "v-x.part",
      named('5', ".kv.wav"),
      named('g', ".kv")};
  for (const std::string& name : foreign) {
    add(name, 10);
  }
  fs::create_symlink("nowhere", root / named('6', ".kv"));
  const auto expect_left = [&](std::vector<std::string> ours) {
    ours.insert(ours.end(), foreign.begin(), foreign.end());
    ours.insert(ours.end(), {oldest.filename(), busy, named('6', ".kv")});
    EXPECT_THAT(names(), testing::UnorderedElementsAreArray(ours));
  };
  remove_oldest(root.path(), "v-", oldest, {2, 1000});
  expect_left({recent.filename()});
  remove_oldest(root.path(), "v-", oldest, {9, 19});
  expect_left({});
  remove_oldest(root / "nowhere", "v-", oldest, {0, 0});
}

} // namespace
} // namespace voxtral_tts::support
