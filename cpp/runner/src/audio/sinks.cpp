#include <string>
#include <utility>
#include <vector>

#include "audio/pcm.h"
#include "audio/wav_writer.h"
#include "support/files.h"
#include "voxtral_tts/audio_sink.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts {
namespace {

std::string descriptor_name(int fd) {
  return fd == 1 ? "standard output" : "descriptor " + std::to_string(fd);
}

// What all sinks share: no NaN gets out, whoever produced it.
class CheckedSink : public AudioSink {
 public:
  void write(std::span<const float> samples) final {
    const auto index = audio::find_non_finite(samples);
    if (index.has_value()) {
      throw Error(
          ErrorClass::kNumeric,
          "sample " + std::to_string(samples_written_ + *index) +
              " is NaN or infinite; nothing of it was written");
    }
    write_finite(samples);
    samples_written_ += samples.size();
  }

 private:
  virtual void write_finite(std::span<const float> samples) = 0;

  uint64_t samples_written_ = 0;
};

class WavSink final : public CheckedSink {
 public:
  template <typename... Arguments>
  explicit WavSink(Arguments&&... arguments)
      : writer_(std::forward<Arguments>(arguments)...) {
  }

  void finish() override {
    writer_.finish();
  }

  void abandon(bool keep_partial) noexcept override {
    if (keep_partial) {
      writer_.keep_partial();
    } else {
      writer_.abandon();
    }
  }

 private:
  void write_finite(std::span<const float> samples) override {
    writer_.append(samples);
  }

  audio::WavWriter writer_;
};

class RawPcmSink final : public CheckedSink {
 public:
  RawPcmSink(int fd, PcmFormat format, const std::string& name)
      : fd_(fd),
        name_(name.empty() ? descriptor_name(fd) : name),
        format_(format) {
  }

  void finish() override {
  }

  void abandon(bool /*keep_partial*/) noexcept override {
  }

 private:
  void write_finite(std::span<const float> samples) override {
    std::vector<std::byte> bytes;
    if (format_ == PcmFormat::kS16le) {
      append_s16le(samples, bytes);
    } else {
      append_f32le(samples, bytes);
    }
    support::write_all(fd_, bytes, name_);
  }

  int fd_;
  std::string name_;
  PcmFormat format_;
};

} // namespace

std::unique_ptr<AudioSink> make_wav_file_sink(
    const std::filesystem::path& path, int sample_rate_hz) {
  return std::make_unique<WavSink>(path, sample_rate_hz);
}

std::unique_ptr<AudioSink> make_wav_stream_sink(int fd, int sample_rate_hz) {
  return std::make_unique<WavSink>(fd, descriptor_name(fd), sample_rate_hz);
}

std::unique_ptr<AudioSink> make_raw_pcm_sink(
    int fd, PcmFormat format, const std::string& name) {
  return std::make_unique<RawPcmSink>(fd, format, name);
}

} // namespace voxtral_tts
