#include "cli/output.h"

#include <unistd.h>

#include "cli/replace_file.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/log.h"

namespace voxtral_tts::cli {
namespace {

// Raw samples in a file, with the promises of a WAV file: an older file stays
// until the new one is finished or kept, and a kept one ends with a whole
// write.
class RawFileSink final : public AudioSink {
 public:
  RawFileSink(const std::filesystem::path& path, PcmFormat format)
      : file_(std::make_unique<ReplaceFile>(path)),
        samples_(make_raw_pcm_sink(
            file_->descriptor(), format, "'" + path.string() + "'")),
        sample_bytes_(format == PcmFormat::kF32le ? 4 : 2) {
  }

  void write(std::span<const float> samples) override {
    samples_->write(samples);
    bytes_written_ += static_cast<off_t>(samples.size()) * sample_bytes_;
  }

  void finish() override {
    samples_->finish();
    file_->commit();
  }

  void abandon(bool keep_partial) noexcept override {
    samples_->abandon(keep_partial);
    try {
      // The write that failed may have left a part of it, half a sample even.
      // What cannot be cut is no regular file and has no partial one to keep.
      if (keep_partial && bytes_written_ > 0 &&
          ::ftruncate(file_->descriptor(), bytes_written_) == 0) {
        file_->commit();
      }
    } catch (const Error& error) {
      // The failure that led here is the one to report; where the rest is has
      // to be known all the same.
      log_warning("%s", error.what());
    }
    file_.reset();
  }

 private:
  std::unique_ptr<ReplaceFile> file_;
  std::unique_ptr<AudioSink> samples_;
  off_t sample_bytes_;
  off_t bytes_written_ = 0; // by writes that were completed
};

} // namespace

std::unique_ptr<AudioSink> open_output(
    const CliOptions& options, int sample_rate_hz) {
  const bool is_wav = options.format == AudioFormat::kWav;
  const PcmFormat raw = options.format == AudioFormat::kF32le
                            ? PcmFormat::kF32le
                            : PcmFormat::kS16le;
  if (options.output != kStandardStream) {
    return is_wav ? make_wav_file_sink(options.output, sample_rate_hz)
                  : std::make_unique<RawFileSink>(options.output, raw);
  }
  if (::isatty(STDOUT_FILENO) != 0) {
    throw Error(
        ErrorClass::kUsage,
        "standard output is a terminal: send the audio to a file or a player");
  }
  return is_wav ? make_wav_stream_sink(STDOUT_FILENO, sample_rate_hz)
                : make_raw_pcm_sink(STDOUT_FILENO, raw);
}

} // namespace voxtral_tts::cli
