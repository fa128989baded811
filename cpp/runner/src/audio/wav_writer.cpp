#include "audio/wav_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "audio/pcm.h"
#include "support/flush_to_drive.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/log.h"

namespace voxtral_tts::audio {
namespace {

namespace fs = std::filesystem;
using support::in_quotes;
using support::throw_errno;

constexpr uint16_t kPcmFormatTag = 1;
constexpr uint16_t kChannels = 1;
constexpr uint16_t kBytesPerSample = 2;

std::atomic<unsigned> temporary_count{0};

// Beside the target, so that renaming stays within one file system. Starts
// with a dot: an unfinished file is hidden from a plain listing.
fs::path temporary_path(const fs::path& target) {
  return target.parent_path() /
         (".voxtral_tts-" + std::to_string(::getpid()) + "-" +
          std::to_string(temporary_count++) + ".wav.tmp");
}

// The file behind symbolic links: renaming must replace that, not the link.
fs::path resolved(const fs::path& path) {
  std::error_code error;
  fs::path result = fs::canonical(path, error);
  return error ? path : result;
}

// Where `fd` writes next, when what is written there can be written over: in a
// file (`> speech.wav`), unless everything is appended (`>> speech.wav`).
std::optional<uint64_t> rewritable_offset(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
      (::fcntl(fd, F_GETFL) & O_APPEND) != 0) {
    return std::nullopt;
  }
  const off_t offset = ::lseek(fd, 0, SEEK_CUR);
  return offset < 0 ? std::nullopt
                    : std::optional(static_cast<uint64_t>(offset));
}

} // namespace

std::array<std::byte, kWavHeaderBytes> wav_header(
    int sample_rate_hz, uint32_t data_bytes) {
  std::array<std::byte, kWavHeaderBytes> header{};
  size_t position = 0;
  const auto put_tag = [&](std::string_view tag) {
    for (const char c : tag) {
      header[position++] = static_cast<std::byte>(c);
    }
  };
  const auto put = [&](uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) {
      header[position++] = static_cast<std::byte>((value >> (8 * i)) & 0xFF);
    }
  };
  const auto rate = static_cast<uint32_t>(sample_rate_hz);
  put_tag("RIFF");
  put(data_bytes == kUnknownWavSize ? kUnknownWavSize : data_bytes + 36, 4);
  put_tag("WAVEfmt ");
  put(16, 4); // bytes of the format chunk
  put(kPcmFormatTag, 2);
  put(kChannels, 2);
  put(rate, 4);
  put(rate * kChannels * kBytesPerSample, 4); // bytes per second
  put(kChannels * kBytesPerSample, 2);        // bytes per sample frame
  put(8 * kBytesPerSample, 2);                // bits per sample
  put_tag("data");
  put(data_bytes, 4);
  return header;
}

WavWriter::WavWriter(
    const fs::path& target, int sample_rate_hz, uint64_t max_data_bytes)
    : target_(resolved(target)),
      name_(in_quotes(target.native())),
      sample_rate_hz_(sample_rate_hz),
      max_data_bytes_(std::min(max_data_bytes, kMaxWavDataBytes)) {
  struct stat status{};
  support::refuse_nul(target_, ErrorClass::kOutput);
  const bool exists = ::stat(target_.c_str(), &status) == 0;
  // Any other reason than a new file, such as a name too long, would fail the
  // rename at the very end.
  if (!exists && (errno != ENOENT || !target_.has_filename())) {
    throw_errno(ErrorClass::kOutput, "cannot write " + name_, errno);
  }
  if (exists && S_ISDIR(status.st_mode)) {
    throw_errno(ErrorClass::kOutput, "cannot write " + name_, EISDIR);
  }
  is_stream_ = exists && !S_ISREG(status.st_mode);
  if (is_stream_) {
    owned_ = support::open_file(
        target_, O_WRONLY | O_NOCTTY, 0, ErrorClass::kOutput);
    fd_ = owned_.get();
    return;
  }
  if (exists && ::access(target_.c_str(), W_OK) != 0) {
    throw_errno(ErrorClass::kOutput, "cannot overwrite " + name_, errno);
  }
  create_temporary();
  try {
    if (exists && ::fchmod(fd_, status.st_mode & 07777) != 0) {
      throw_errno(ErrorClass::kOutput, "cannot prepare " + name_, errno);
    }
    write_header();
  } catch (...) {
    abandon(); // no destructor runs for what was not constructed
    throw;
  }
}

WavWriter::WavWriter(int fd, std::string name, int sample_rate_hz)
    : name_(std::move(name)),
      fd_(fd),
      sample_rate_hz_(sample_rate_hz),
      is_stream_(true) {
}

WavWriter::~WavWriter() {
  abandon();
}

void WavWriter::create_temporary() {
  for (;;) {
    const fs::path path = temporary_path(target_);
    try {
      owned_ = support::open_file(
          path, O_RDWR | O_CREAT | O_EXCL, 0666, ErrorClass::kOutput);
    } catch (const Error& error) {
      if (error.system_errno() == EEXIST) {
        continue; // left by a killed process of the same number
      }
      const bool no_folder = error.system_errno() == ENOENT;
      throw_errno(
          ErrorClass::kOutput,
          no_folder ? "cannot write " + name_ + ", make its folder first"
                    : "cannot create a file beside " + name_,
          error.system_errno());
    }
    temporary_ = path;
    fd_ = owned_.get();
    return;
  }
}

void WavWriter::write_header(uint64_t offset) {
  support::write_all_at(
      fd_,
      wav_header(sample_rate_hz_, static_cast<uint32_t>(data_bytes_)),
      offset,
      name_);
}

void WavWriter::append(std::span<const float> samples) {
  if (is_stream_) {
    append_to_stream(samples);
  } else {
    append_to_file(samples);
  }
}

void WavWriter::append_to_stream(std::span<const float> samples) {
  std::vector<std::byte> bytes;
  if (!header_written_) {
    header_offset_ = rewritable_offset(fd_);
    const auto header = wav_header(sample_rate_hz_, kUnknownWavSize);
    bytes.assign(header.begin(), header.end());
  }
  append_s16le(samples, bytes);
  header_written_ = true; // even if interrupted: it must not be sent twice
  support::write_all(fd_, bytes, name_);
  data_bytes_ += samples.size() * kBytesPerSample;
}

// A stream that turned out to be a file gets its true sizes.
void WavWriter::complete_stream() {
  if (header_offset_ && data_bytes_ <= kMaxWavDataBytes) {
    write_header(*header_offset_);
  }
}

void WavWriter::append_to_file(std::span<const float> samples) {
  const uint64_t added = samples.size() * kBytesPerSample;
  if (added > max_data_bytes_ - data_bytes_) {
    throw Error(
        ErrorClass::kOutput,
        name_ +
            " would pass the size limit of WAV, 4 GiB; write raw PCM or "
            "split the text");
  }
  std::vector<std::byte> bytes;
  append_s16le(samples, bytes);
  // Samples first: at any instant the header counts only what is there.
  support::write_all_at(fd_, bytes, kWavHeaderBytes + data_bytes_, name_);
  data_bytes_ += added;
  try {
    write_header();
  } catch (...) {
    data_bytes_ -= added;
    throw;
  }
}

void WavWriter::finish() {
  if (is_stream_) {
    append_to_stream({}); // a header at least
    complete_stream();
    const int error = close_owned();
    if (error != 0) {
      throw_errno(ErrorClass::kOutput, "cannot complete " + name_, error);
    }
    return;
  }
  // A failed append may have left bytes behind the counted ones.
  const auto length = static_cast<off_t>(kWavHeaderBytes + data_bytes_);
  int error =
      ::ftruncate(fd_, length) == 0 ? support::flush_to_drive(fd_) : errno;
  // Some network file systems report a failed write only when closing.
  const int close_error = close_owned();
  error = error == 0 ? close_error : error;
  if (error == 0 && ::rename(temporary_.c_str(), target_.c_str()) != 0) {
    error = errno;
  }
  // Whatever the last step says, the work of an hour is not thrown away.
  const fs::path left = std::exchange(temporary_, {});
  if (error != 0) {
    throw_errno(
        ErrorClass::kOutput,
        "cannot complete " + name_ + ", what was made is in " +
            in_quotes(left.native()),
        error);
  }
}

bool WavWriter::keep_partial() noexcept {
  if (data_bytes_ == 0 || (!is_stream_ && temporary_.empty())) {
    abandon(); // an empty file must not replace an older recording
    return false;
  }
  try {
    if (is_stream_) {
      complete_stream();
      return false;
    }
    // The interrupted append may have changed the header as well.
    write_header();
    finish();
    return true;
  } catch (const std::exception& error) {
    // Another failure led here and is the one to be thrown.
    log_warning("%s", error.what());
    abandon();
    return false;
  }
}

int WavWriter::close_owned() noexcept {
  if (owned_.get() >= 0) {
    fd_ = -1; // a later append fails instead of hitting another file
  }
  return owned_.close();
}

void WavWriter::abandon() noexcept {
  close_owned();
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
    temporary_.clear();
  }
}

} // namespace voxtral_tts::audio
