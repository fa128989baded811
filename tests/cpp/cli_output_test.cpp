// Raw samples and reports in files: ReplaceFile and what open_output makes of
// it.
#include "cli/output.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "cli/replace_file.h"
#include "fake_fsync.h"
#include "temporary_folder.h"
#include "voxtral_tts/error.h"

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

TEST(ReplaceFileTest, AFailedLastStepKeepsAndNamesTheFile) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "s.json";
  const fs::path left = path.string() + ".part" + std::to_string(::getpid());
  const auto expect_kept = [&](int reason, auto&& prepare) {
    ReplaceFile file(path);
    file.write("whole");
    [[maybe_unused]] const auto hindrance = prepare();
    try {
      file.commit();
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.error_class(), ErrorClass::kOutput);
      EXPECT_EQ(error.system_errno(), reason);
      EXPECT_NE(
          std::string(error.what()).find(left.string()), std::string::npos)
          << error.what();
    }
  };
  expect_kept(EIO, [] { return FailingFsync(EIO); });
  EXPECT_EQ(content(left), "whole");
  fs::remove(left);
  expect_kept(EISDIR, [&] {
    fs::create_directory(path); // appeared meanwhile
    return 0;
  });
  EXPECT_EQ(content(left), "whole");
}

TEST(ReplaceFileTest, AFileSystemWithoutFsyncIsNoFailure) {
  const TemporaryFolder folder;
  for (const int reason : {EINVAL, ENOTSUP}) {
    const fs::path path = folder.path() / std::to_string(reason);
    const FailingFsync fails(reason);
    ReplaceFile file(path);
    file.write("whole");
    file.commit();
    EXPECT_EQ(content(path), "whole");
  }
}

TEST(OpenOutput, AFailedWriteOfRawSamplesNamesTheFile) {
  if (!fs::exists("/dev/full")) {
    GTEST_SKIP() << "no /dev/full here";
  }
  CliOptions options;
  options.output = "/dev/full";
  options.format = AudioFormat::kS16le;
  const auto sink = open_output(options, 24'000);
  try {
    sink->write(std::vector<float>{0.5f});
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kOutput);
    EXPECT_EQ(error.system_errno(), ENOSPC);
    EXPECT_NE(std::string(error.what()).find("'/dev/full'"), std::string::npos)
        << error.what();
  }
}

} // namespace
} // namespace voxtral_tts::cli
