// WavWriter and the sinks above it. Oracle for headers: the RIFF/WAVE layout,
// written out byte by byte below.
#include "audio/wav_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <thread>
#include <vector>

#include "voxtral_tts/audio_sink.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::audio {
namespace {

namespace fs = std::filesystem;
using std::string_literals::operator""s;

constexpr int kRate = 24'000;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::string le32(uint32_t value) {
  std::string text;
  for (int i = 0; i < 4; ++i) {
    text += static_cast<char>((value >> (8 * i)) & 0xFF);
  }
  return text;
}

// 24,000 = 0x5DC0 samples and 48,000 = 0xBB80 bytes per second.
std::string expected_header(uint32_t riff_size, uint32_t data_size) {
  return "RIFF" + le32(riff_size) +
         "WAVEfmt \x10\0\0\0\1\0\1\0\xC0\x5D\0\0\x80\xBB\0\0\2\0\x10\0data"s +
         le32(data_size);
}

std::string expected_wav(const std::string& data) {
  const auto size = static_cast<uint32_t>(data.size());
  return expected_header(size + 36, size) + data;
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string read_pipe(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  while ((count = ::read(fd, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<size_t>(count));
  }
  return text;
}

template <typename Call>
void expect_error(ErrorClass error_class, int system_errno, Call call) {
  try {
    call();
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), error_class) << error.what();
    EXPECT_EQ(error.system_errno(), system_errno) << error.what();
  }
}

class WavWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN); // as the command line does
    fs::create_directories(dir_);
  }
  void TearDown() override {
    fs::remove_all(dir_);
  }

  size_t files_in_dir() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(dir_), {}));
  }
  // The temporary file while a writer is open and the target does not exist.
  fs::path only_file() const {
    return fs::directory_iterator(dir_)->path();
  }

  fs::path dir_ = fs::path(testing::TempDir()) /
                  ("wav_writer-" + std::to_string(::getpid()));
  fs::path path_ = dir_ / "out.wav";
};

TEST_F(WavWriterTest, IsAValidFileAfterEveryAppend) {
  WavWriter writer(path_, kRate);
  EXPECT_EQ(read_text(only_file()), expected_wav(""));
  std::string data;
  for (int i = 0; i < 5; ++i) {
    writer.append(std::vector<float>{1.0f, -1.0f});
    data += "\xFF\x7F\x01\x80";
    EXPECT_EQ(read_text(only_file()), expected_wav(data));
    EXPECT_FALSE(fs::exists(path_));
  }
  writer.append({});
  writer.finish();
  EXPECT_EQ(read_text(path_), expected_wav(data));
  EXPECT_EQ(files_in_dir(), 1);
}

TEST_F(WavWriterTest, NoSamplesGiveAnEmptyFile) {
  WavWriter(path_, kRate).finish();
  EXPECT_EQ(read_text(path_), expected_wav(""));
}

TEST_F(WavWriterTest, OlderFileStaysUntilTheRename) {
  std::ofstream(path_) << "old";
  ::chmod(path_.c_str(), 0640);
  {
    WavWriter abandoned(path_, kRate);
    abandoned.append(std::vector<float>{1.0f});
    EXPECT_EQ(read_text(path_), "old");
  }
  EXPECT_EQ(read_text(path_), "old");
  EXPECT_EQ(files_in_dir(), 1);
  WavWriter writer(path_, kRate);
  writer.append(std::vector<float>{1.0f});
  writer.finish();
  EXPECT_EQ(read_text(path_), expected_wav("\xFF\x7F"));
  struct stat status{};
  ::stat(path_.c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777, 0640);
}

TEST_F(WavWriterTest, KeepPartialKeepsWhatThereIs) {
  std::ofstream(path_) << "old";
  WavWriter empty(path_, kRate);
  EXPECT_FALSE(empty.keep_partial()); // nothing is no reason to replace it
  EXPECT_EQ(read_text(path_), "old");
  EXPECT_EQ(files_in_dir(), 1);
  WavWriter writer(path_, kRate);
  writer.append(std::vector<float>{0.0f, 1.0f});
  EXPECT_TRUE(writer.keep_partial());
  EXPECT_EQ(read_text(path_), expected_wav("\0\0\xFF\x7F"s));
  EXPECT_EQ(files_in_dir(), 1);
}

TEST_F(WavWriterTest, SizeLimitIsRefusedBeforeItIsPassed) {
  WavWriter writer(path_, kRate, 8);
  writer.append(std::vector<float>(3, 0.0f));
  expect_error(ErrorClass::kOutput, 0, [&] {
    writer.append(std::vector<float>(2, 0.0f));
  });
  writer.append(std::vector<float>(1, 0.0f)); // still fits
  writer.finish();
  EXPECT_EQ(read_text(path_), expected_wav(std::string(8, '\0')));
  // The limit itself: the RIFF size is 36 more and must fit 32 bits.
  EXPECT_EQ(kMaxWavDataBytes, 0xFFFFFFFFU - 37);
}

TEST_F(WavWriterTest, UnusableTargetsFailAtOnce) {
  expect_error(ErrorClass::kOutput, EISDIR, [&] { WavWriter(dir_, kRate); });
  expect_error(ErrorClass::kOutput, ENOENT, [&] {
    WavWriter(dir_ / "missing" / "out.wav", kRate);
  });
  expect_error(
      ErrorClass::kOutput, ENOENT, [] { WavWriter(fs::path(), kRate); });
  expect_error(
      ErrorClass::kOutput, 0, [&] { WavWriter(dir_ / "a\0b"s, kRate); });
  expect_error(ErrorClass::kOutput, ENAMETOOLONG, [&] {
    WavWriter(dir_ / std::string(300, 'x'), kRate);
  });
  if (::geteuid() != 0) { // root may write everywhere
    std::ofstream(path_) << "old";
    ::chmod(path_.c_str(), 0444);
    expect_error(ErrorClass::kOutput, EACCES, [&] { WavWriter(path_, kRate); });
    ::chmod(dir_.c_str(), 0555);
    expect_error(ErrorClass::kOutput, EACCES, [&] {
      WavWriter(dir_ / "new.wav", kRate);
    });
    ::chmod(dir_.c_str(), 0755);
  }
}

// A file size limit stands in for a full disk: the write is short, then fails.
TEST_F(WavWriterTest, FullDiskKeepsWholeAppends) {
  std::signal(SIGXFSZ, SIG_IGN);
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit{.rlim_cur = 100, .rlim_max = 100};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    WavWriter writer(path_, kRate);
    writer.append(std::vector<float>(20, 1.0f)); // 84 bytes
    try {
      writer.append(std::vector<float>(20, 1.0f)); // 16 of 40 fit
    } catch (const Error& error) {
      const bool right = error.error_class() == ErrorClass::kOutput &&
                         error.system_errno() == EFBIG;
      ::_exit(right && writer.keep_partial() ? 0 : 2);
    }
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  std::string data;
  for (int i = 0; i < 20; ++i) {
    data += "\xFF\x7F";
  }
  EXPECT_EQ(read_text(path_), expected_wav(data));
  EXPECT_EQ(files_in_dir(), 1);
}

TEST_F(WavWriterTest, SymbolicLinksAreFollowed) {
  std::ofstream(dir_ / "target.wav") << "old";
  fs::create_symlink("target.wav", path_);
  WavWriter(path_, kRate).finish();
  EXPECT_TRUE(fs::is_symlink(path_));
  EXPECT_EQ(read_text(dir_ / "target.wav"), expected_wav(""));
}

TEST_F(WavWriterTest, DevicesAreStreams) {
  const auto sink = make_wav_file_sink("/dev/full", kRate);
  expect_error(ErrorClass::kOutput, ENOSPC, [&] {
    sink->write(std::vector<float>{1.0f});
  });
  sink->abandon(true);
  const auto nowhere = make_wav_file_sink("/dev/null", kRate);
  nowhere->write(std::vector<float>{1.0f});
  nowhere->finish();
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(WavWriterTest, FifoGetsAStream) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] { received = read_text(path_); });
  const auto sink = make_wav_file_sink(path_, kRate);
  sink->write(std::vector<float>{1.0f});
  sink->finish();
  reader.join();
  EXPECT_EQ(
      received, expected_header(kUnknownWavSize, kUnknownWavSize) + "\xFF\x7F");
  EXPECT_EQ(files_in_dir(), 1);
}

TEST_F(WavWriterTest, FileSinkRefusesNanBeforeWriting) {
  const auto sink = make_wav_file_sink(path_, kRate);
  sink->write(std::vector<float>{1.0f});
  expect_error(ErrorClass::kNumeric, 0, [&] {
    sink->write(std::vector<float>{1.0f, kNan});
  });
  sink->abandon(true);
  EXPECT_EQ(read_text(path_), expected_wav("\xFF\x7F"));
  sink->abandon(false); // too late to undo, and harmless
  EXPECT_EQ(read_text(path_), expected_wav("\xFF\x7F"));
  EXPECT_THROW(sink->write(std::vector<float>{1.0f}), Error);
  EXPECT_THROW(sink->finish(), Error);
}

class PipeSinkTest : public WavWriterTest {
 protected:
  void SetUp() override {
    WavWriterTest::SetUp();
    ASSERT_EQ(::pipe(ends_.data()), 0);
  }
  void TearDown() override {
    close_end(0);
    close_end(1);
    WavWriterTest::TearDown();
  }
  void close_end(size_t index) {
    if (ends_[index] >= 0) {
      ::close(ends_[index]);
      ends_[index] = -1;
    }
  }
  std::string received() {
    close_end(1);
    return read_pipe(ends_[0]);
  }

  std::array<int, 2> ends_{-1, -1};
};

TEST_F(PipeSinkTest, WavStreamHasOneHeaderOfUnknownSize) {
  const auto sink = make_wav_stream_sink(ends_[1], kRate);
  sink->write(std::vector<float>{1.0f});
  sink->write(std::vector<float>{-1.0f});
  sink->finish();
  EXPECT_EQ(
      received(),
      expected_header(kUnknownWavSize, kUnknownWavSize) + "\xFF\x7F\x01\x80");
}

TEST_F(PipeSinkTest, WavStreamWithoutSamplesHasAHeader) {
  make_wav_stream_sink(ends_[1], kRate)->finish();
  EXPECT_EQ(received(), expected_header(kUnknownWavSize, kUnknownWavSize));
}

TEST_F(PipeSinkTest, NothingIsWrittenBeforeAnError) {
  const auto sink = make_wav_stream_sink(ends_[1], kRate);
  expect_error(
      ErrorClass::kNumeric, 0, [&] { sink->write(std::vector<float>{kNan}); });
  sink->abandon(true);
  EXPECT_EQ(received(), "");
}

TEST_F(PipeSinkTest, RawPcmHasNoHeader) {
  const auto s16 = make_raw_pcm_sink(ends_[1], PcmFormat::kS16le);
  s16->write(std::vector<float>{1.0f});
  const auto f32 = make_raw_pcm_sink(ends_[1], PcmFormat::kF32le);
  f32->write(std::vector<float>{1.0f});
  f32->finish();
  EXPECT_EQ(received(), "\xFF\x7F\0\0\x80\x3F"s);
}

TEST_F(PipeSinkTest, ClosedReaderIsReported) {
  close_end(0);
  for (const auto& sink :
       {make_raw_pcm_sink(ends_[1], PcmFormat::kS16le).release(),
        make_wav_stream_sink(ends_[1], kRate).release()}) {
    const std::unique_ptr<AudioSink> owner(sink);
    expect_error(ErrorClass::kReaderGone, EPIPE, [&] {
      owner->write(std::vector<float>{1.0f});
    });
  }
}

TEST_F(PipeSinkTest, FullNonBlockingPipeIsWaitedFor) {
  ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);
  const std::vector<float> samples(200'000, 1.0f); // above any pipe's buffer
  std::string text;
  std::thread reader([&] {
    ::usleep(20'000); // let the pipe run full first
    text = read_pipe(ends_[0]);
  });
  make_raw_pcm_sink(ends_[1], PcmFormat::kS16le)->write(samples);
  close_end(1);
  reader.join();
  ASSERT_EQ(text.size(), samples.size() * 2);
  EXPECT_EQ(text.find_first_not_of("\xFF\x7F"), std::string::npos);
}

} // namespace
} // namespace voxtral_tts::audio
