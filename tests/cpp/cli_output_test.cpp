// Reports and raw samples in files.
#include "cli/replace_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "temporary_folder.h"

namespace voxtral_tts::cli {
namespace {

namespace fs = std::filesystem;

void fill(const fs::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ReplaceFileTest, WhatAKilledProcessOfTheSameNumberLeftIsNoObstacle) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "s.json";
  const fs::path left = path.string() + ".part" + std::to_string(::getpid());
  fill(left, "half");
  {
    ReplaceFile file(path);
    file.write("whole");
    file.commit();
  }
  EXPECT_EQ(content(path), "whole");
  EXPECT_EQ(content(left), "half"); // may be another container's, and alive
}

TEST(ReplaceFileTest, ReplacingAFileKeepsItsMode) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "private";
  fill(path, "older");
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  ReplaceFile file(path);
  file.write("newer");
  file.commit();
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_EQ(content(path), "newer");
}

} // namespace
} // namespace voxtral_tts::cli
