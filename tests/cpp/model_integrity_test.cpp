#include "model/integrity.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/sha256.h"
#include "temporary_folder.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/log.h"

namespace voxtral_tts::model {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr size_t kProgramBytes = 100;
constexpr size_t kPayload = 1'000'000, kPayloadBytes = 1'200'000;

std::string sha256_of(const std::string& text) {
  support::Sha256 hash;
  hash.update(std::as_bytes(std::span(text)));
  return hash.finish();
}

// A "program" of 100 bytes and 3 MB of "weights", a delegate's payload among
// them, with a manifest.
class IntegrityTest : public ::testing::Test {
 protected:
  IntegrityTest()
      : content_(kProgramBytes, 'p'),
        file_(folder_.path() / "model.pte"),
        cache_(folder_.path() / "cache") {
    content_ += std::string(3'000'001, 'w');
    write(content_);
    write_manifest(
        R"("interpreted": {"ranges": [[0, 100], [1000000, 1200000]], )"
        R"("sha256": ")" +
        sha256_of(
            content_.substr(0, kProgramBytes) +
            content_.substr(kPayload, kPayloadBytes)) +
        "\"}");
  }

  void write(const std::string& content) const {
    std::ofstream(file_, std::ios::binary) << content;
  }
  void write_manifest(const std::string& part) const {
    std::ofstream(folder_.path() / "manifest.json")
        << R"({"files": {"model.pte": {"bytes": )" << content_.size()
        << R"(, "sha256": ")" << sha256_of(content_) << "\", " << part << "}}}";
  }
  // Writes the file anew, with the same size and time.
  void change_in_place(size_t position) const {
    struct stat status{};
    ASSERT_EQ(::stat(file_.c_str(), &status), 0);
    std::fstream file(file_, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(position)).put('x');
    file.close();
#ifdef __APPLE__
    const timespec times[] = {status.st_atimespec, status.st_mtimespec};
#else
    const timespec times[] = {status.st_atim, status.st_mtim};
#endif
    ASSERT_EQ(::utimensat(AT_FDCWD, file_.c_str(), times, 0), 0);
  }
  // The message of the Error{kModelLoad}, "" when there is none.
  std::string check(bool entirely = false) const {
    return check_with(cache_, entirely);
  }
  std::string check_with(const fs::path& cache, bool entirely) const {
    try {
      check_integrity(file_, entirely, cache);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.error_class(), ErrorClass::kModelLoad);
      return error.what();
    }
  }
  size_t records() const {
    return fs::exists(cache_) ? static_cast<size_t>(std::distance(
                                    fs::directory_iterator(cache_), {}))
                              : 0;
  }

  TemporaryFolder folder_;
  std::string content_;
  fs::path file_;
  fs::path cache_;
};

TEST_F(IntegrityTest, AWholeFileIsReadOnce) {
  EXPECT_EQ(check(), "");
  EXPECT_EQ(records(), 1u);
  change_in_place(kProgramBytes + 5); // a weight: what a rotten disk does
  EXPECT_EQ(check(), "");
  EXPECT_THAT(check(true), HasSubstr("has another SHA-256"));
}

TEST_F(IntegrityTest, WhatIsInterpretedIsReadEveryTime) {
  EXPECT_EQ(check(), "");
  const size_t ends[] = {
      kProgramBytes - 1, kPayload, kPayload + kPayloadBytes - 1};
  for (const size_t position : ends) {
    write(content_);
    EXPECT_EQ(check(), "");
    change_in_place(position);
    EXPECT_THAT(check(), HasSubstr("its program has another SHA-256"));
  }
  write(content_);
  EXPECT_EQ(check(), "");
  for (const size_t position : {kPayload - 1, kPayload + kPayloadBytes}) {
    change_in_place(position); // the weights around it are not
    EXPECT_EQ(check(), "");
  }
}

TEST_F(IntegrityTest, WithAnOlderManifestEverythingIsReadEveryTime) {
  const std::string program = sha256_of(content_.substr(0, kProgramBytes));
  for (const std::string& part :
       {R"("program": {"bytes": 100, "sha256": ")" + program + "\"}",
        std::string(R"("format_version": 1)")}) {
    write(content_);
    write_manifest(part);
    EXPECT_EQ(check(), "");
    EXPECT_EQ(check(), "");
    change_in_place(kPayload);
    EXPECT_THAT(check(), HasSubstr("model.pte: has another SHA-256"));
  }
}

TEST_F(IntegrityTest, ANewFileIsReadEntirely) {
  EXPECT_EQ(check(), "");
  content_[kProgramBytes] = 'x';
  write(content_);
  EXPECT_THAT(check(), HasSubstr("model.pte: has another SHA-256"));
  EXPECT_EQ(records(), 1u);
}

TEST_F(IntegrityTest, ATruncatedFileIsNamedWithBothSizes) {
  fs::resize_file(file_, 1000);
  EXPECT_THAT(check(), HasSubstr("has 1000 bytes, manifest.json says 3000101"));
}

TEST_F(IntegrityTest, ARecordOfAnotherContentIsNone) {
  EXPECT_EQ(check(), "");
  for (const auto& record : fs::directory_iterator(cache_)) {
    std::ofstream(record.path()) << std::string(fs::file_size(record), ' ');
  }
  change_in_place(kProgramBytes);
  EXPECT_THAT(check(), HasSubstr("another SHA-256"));
}

TEST_F(IntegrityTest, WithoutAFolderEveryTimeIsTheFirst) {
  for (const fs::path& cache : {fs::path(), fs::path("/proc/nowhere")}) {
    EXPECT_EQ(check_with(cache, false), "");
  }
  change_in_place(kProgramBytes);
  for (const fs::path& cache : {fs::path(), fs::path("/proc/nowhere")}) {
    EXPECT_THAT(check_with(cache, false), HasSubstr("another SHA-256"));
  }
}

TEST_F(IntegrityTest, WithoutAManifestTheLogSaysSo) {
  std::vector<std::string> warnings;
  set_log_sink(
      [&](LogLevel, std::string_view text) { warnings.emplace_back(text); },
      LogLevel::kWarning);
  const fs::path manifest = folder_.path() / "manifest.json";
  std::ofstream(manifest) << R"({"files": {}})";
  EXPECT_EQ(check(), "");
  fs::remove(manifest);
  EXPECT_EQ(check(), "");
  set_log_sink({}, LogLevel::kOff);
  EXPECT_THAT(
      warnings,
      testing::ElementsAre(
          HasSubstr("does not mention it"), HasSubstr("no manifest.json")));
}

TEST_F(IntegrityTest, ADamagedManifestIsAnError) {
  std::ofstream(folder_.path() / "manifest.json") << "{";
  EXPECT_THAT(check(), HasSubstr("manifest.json: not a manifest"));
}

TEST_F(IntegrityTest, WhatIsNoFileIsRefusedBeforeItIsOpened) {
  fs::remove(file_);
  EXPECT_THAT(check(), HasSubstr("No such file"));
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  EXPECT_THAT(check(), HasSubstr("not a regular file"));
}

} // namespace
} // namespace voxtral_tts::model
