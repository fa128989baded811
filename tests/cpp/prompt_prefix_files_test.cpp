#include "prompt/prefix_files.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <thread>

#include "fake_speech_model.h"
#include "temporary_folder.h"

namespace voxtral_tts::prompt {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRows = 5;
constexpr size_t kPayload = kRows * (8 + 2);
const support::Hash128 kModel{std::byte{1}};
const support::Hash128 kVoice{std::byte{2}};

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void replace(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

class PrefixFilesTest : public ::testing::Test {
 protected:
  PrefixFilesTest() : payload_(kPayload) {
    for (size_t i = 0; i < kPayload; ++i) {
      payload_[i] = static_cast<std::byte>(i * 7 + 1);
    }
  }

  void write(const PrefixFiles& files) const {
    const support::Bytes all = payload_;
    const support::Bytes parts[] = {all.first(40), all.subspan(40)};
    files.write(kVoice, kRows, parts);
  }
  static std::optional<std::vector<std::byte>> read(const PrefixFiles& files) {
    std::vector<std::byte> bytes(kPayload);
    const std::span<std::byte> all = bytes;
    const std::span<std::byte> parts[] = {all.first(40), all.subspan(40)};
    return files.read(kVoice, kRows, parts) ? std::optional(bytes)
                                            : std::nullopt;
  }
  // Nothing wrong is ever returned, and writing again heals.
  void expect_ignored(const std::string& text, const std::string& why) const {
    replace(file_, text);
    EXPECT_FALSE(read(files_)) << why;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_ / "cache")) {
      found.push_back(entry.path().filename());
    }
    return found;
  }

  FakeSpeechModel fake_;
  TemporaryFolder folder_;
  PrefixFiles files_{folder_ / "cache", kModel, fake_.kv_buffers()};
  fs::path file_ = files_.path(kVoice, kRows);
  std::vector<std::byte> payload_;
};

TEST_F(PrefixFilesTest, ReadsWhatItWroteAndNobodyElseCan) {
  EXPECT_FALSE(read(files_));
  write(files_);
  EXPECT_EQ(read(files_), payload_);
  EXPECT_THAT(names(), ::testing::ElementsAre(file_.filename()));
  struct stat status{};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(file_.parent_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  files_.remove(kVoice, kRows);
  EXPECT_FALSE(read(files_));
}

TEST_F(PrefixFilesTest, NameDependsOnModelVoiceRowsAndLayout) {
  const auto buffers = fake_.kv_buffers();
  std::vector<model::KvBuffer> half(buffers.begin(), buffers.end());
  half[0].format = "Half [1, 64, 1, 4]";
  const std::set<fs::path> paths = {
      file_,
      files_.path(kModel, kRows),
      files_.path(kVoice, kRows + 1),
      PrefixFiles(folder_ / "cache", kVoice, buffers).path(kVoice, kRows),
      PrefixFiles(folder_ / "cache", kModel, half).path(kVoice, kRows),
      PrefixFiles(folder_ / "cache", kModel, buffers.first(1))
          .path(kVoice, kRows)};
  EXPECT_EQ(paths.size(), 6u);
}

TEST_F(PrefixFilesTest, EveryTruncationIsIgnored) {
  write(files_);
  const std::string whole = content(file_);
  for (size_t size = 0; size < whole.size(); ++size) {
    expect_ignored(whole.substr(0, size), std::to_string(size) + " bytes");
  }
  expect_ignored(whole + '\0', "a byte more");
  expect_ignored(whole + whole, "twice");
  write(files_);
  EXPECT_EQ(read(files_), payload_);
}

// Magic, version, key, rows, every size among them.
TEST_F(PrefixFilesTest, EveryFlippedBitIsIgnored) {
  write(files_);
  const std::string whole = content(file_);
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const int bit : {0, 7}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      expect_ignored(damaged, "byte " + std::to_string(i));
    }
  }
}

TEST_F(PrefixFilesTest, HugeSizesAreIgnored) {
  write(files_);
  const std::string whole = content(file_);
  for (size_t i = 0; i + 8 <= whole.size() - kPayload; ++i) {
    std::string damaged = whole;
    damaged.replace(i, 8, std::string(8, '\xFF'));
    expect_ignored(damaged, "at " + std::to_string(i));
  }
  // A sparse file of a terabyte is not read.
  ASSERT_EQ(::truncate(file_.c_str(), off_t{1} << 40), 0);
  EXPECT_FALSE(read(files_));
  std::vector<model::KvBuffer> vast(
      fake_.kv_buffers().begin(), fake_.kv_buffers().end());
  vast[0].row_bytes = SIZE_MAX / 2;
  EXPECT_FALSE(read(PrefixFiles(folder_ / "cache", kModel, vast)));
}

TEST_F(PrefixFilesTest, AnothersFileUnderThisNameIsIgnored) {
  const support::Hash128 other{std::byte{3}};
  const support::Bytes all = payload_;
  files_.write(other, kRows, std::span(&all, 1));
  fs::rename(files_.path(other, kRows), file_);
  EXPECT_FALSE(read(files_));
  write(files_);
  EXPECT_EQ(read(files_), payload_);
}

TEST_F(PrefixFilesTest, WhatIsNoRegularFileIsIgnored) {
  write(files_);
  fs::rename(file_, folder_ / "elsewhere");
  fs::create_symlink(folder_ / "elsewhere", file_);
  EXPECT_FALSE(read(files_));
  write(files_); // takes the link's place and leaves its target alone
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(file_)));
  EXPECT_EQ(read(files_), payload_);

  fs::remove(file_);
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  EXPECT_FALSE(read(files_)); // and does not wait
  fs::remove(file_);
  fs::create_directory(file_);
  EXPECT_FALSE(read(files_));
  write(files_);
  EXPECT_FALSE(read(files_));
  EXPECT_EQ(names().size(), 1u); // the temporary file is gone
}

TEST_F(PrefixFilesTest, AFolderThatCannotBeWrittenIsNoError) {
  const auto write_into = [&](const fs::path& folder) {
    const PrefixFiles files(folder, kModel, fake_.kv_buffers());
    write(files);
    EXPECT_FALSE(read(files));
  };
  replace(folder_ / "file", "x");
  write_into(folder_ / "file");
  write_into(folder_ / "file/below");
  write_into("/proc/no such folder");
  write_into(std::string("nul\0inside", 10));
  write_into(folder_ / std::string(300, 'x'));
  if (::geteuid() != 0) { // root writes everywhere
    fs::permissions(folder_.path(), fs::perms::owner_read);
    write_into(folder_ / "cache");
  }
}

TEST_F(PrefixFilesTest, AFullDiskLeavesNothing) {
  // No disk can be filled here; a limit on file sizes fails the same write.
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{20, 20};
    ::setrlimit(RLIMIT_FSIZE, &small);
    write(files_);
    ::_exit(read(files_) ? 1 : 0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(names().empty());
}

TEST_F(PrefixFilesTest, WritersAndReadersDoNotDisturbEachOther) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  std::atomic<int> right{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        write(files_);
        // Complete at any time: a name that exists has whole content.
        const auto found = read(files_);
        (found == payload_ ? right : wrong) += 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(right, 400);
  EXPECT_THAT(names(), ::testing::ElementsAre(file_.filename()));
}

TEST_F(PrefixFilesTest, KeepsAtMost64Voices) {
  const support::Bytes all = payload_;
  for (int i = 0; i < 70; ++i) {
    files_.write({std::byte{9}, static_cast<std::byte>(i)}, kRows, {&all, 1});
  }
  EXPECT_EQ(names().size(), 64u);
  EXPECT_TRUE(fs::exists(files_.path({std::byte{9}, std::byte{69}}, kRows)));
}

} // namespace
} // namespace voxtral_tts::prompt
