// The last step of a WAV: disks that fail it, and streams that are files. The
// header's layout is tested in audio_wav_writer_test.cpp.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "audio/wav_writer.h"
#include "fake_fsync.h"
#include "temporary_folder.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::audio {
namespace {

namespace fs = std::filesystem;

constexpr int kRate = 24'000;

std::string header(uint32_t data_bytes) {
  const auto bytes = wav_header(kRate, data_bytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string expected_wav(const std::string& data) {
  return header(static_cast<uint32_t>(data.size())) + data;
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class WavCompletion : public testing::Test {
 protected:
  const TemporaryFolder folder_;
  const fs::path dir_ = folder_.path();
  const fs::path path_ = folder_ / "out.wav";
};

// The one file beside `path_`, which has what was written.
TEST_F(WavCompletion, AFailedLastStepKeepsAndNamesTheFile) {
  const auto expect_kept = [&](int error, auto&& prepare) {
    WavWriter writer(path_, kRate);
    writer.append(std::vector<float>{1.0f});
    [[maybe_unused]] const auto hindrance = prepare();
    try {
      writer.finish();
      ADD_FAILURE() << "no error";
    } catch (const Error& caught) {
      EXPECT_EQ(caught.system_errno(), error);
      const std::string message = caught.what();
      const size_t begin = message.rfind(".voxtral_tts-");
      ASSERT_NE(begin, std::string::npos) << message;
      const fs::path left =
          dir_ / message.substr(begin, message.find('\'', begin) - begin);
      writer.abandon();
      EXPECT_EQ(read_text(left), expected_wav("\xFF\x7F")) << left;
      fs::remove(left);
    }
  };
  expect_kept(EIO, [] { return FailingFsync(EIO); });
  expect_kept(EISDIR, [&] {
    fs::create_directory(path_); // appeared meanwhile
    return 0;
  });
}

TEST_F(WavCompletion, AFileSystemWithoutFsyncIsNoFailure) {
  for (const int error : {EINVAL, ENOTSUP}) {
    const FailingFsync fails(error);
    WavWriter writer(path_, kRate);
    writer.append(std::vector<float>{1.0f});
    writer.finish();
    EXPECT_EQ(read_text(path_), expected_wav("\xFF\x7F"));
    fs::remove(path_);
  }
}

TEST_F(WavCompletion, AStreamThatIsAFileGetsItsTrueSizes) {
  const auto written = [&](int flags, bool finishes) {
    std::ofstream(path_) << "before";
    const int fd = ::open(path_.c_str(), O_WRONLY | flags);
    ::lseek(fd, 0, SEEK_END);
    WavWriter writer(fd, "standard output", kRate);
    writer.append(std::vector<float>{1.0f});
    if (finishes) {
      writer.finish();
    } else {
      writer.keep_partial();
    }
    EXPECT_EQ(::write(fd, "after", 5), 5); // its position stays at the end
    ::close(fd);
    return read_text(path_);
  };
  const std::string data = "\xFF\x7F";
  EXPECT_EQ(written(0, true), "before" + expected_wav(data) + "after");
  EXPECT_EQ(written(0, false), "before" + expected_wav(data) + "after");
  // Nothing can be written over where everything is appended.
  EXPECT_EQ(
      written(O_APPEND, true),
      "before" + header(kUnknownWavSize) + data + "after");
}

} // namespace
} // namespace voxtral_tts::audio
