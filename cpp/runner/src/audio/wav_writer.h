// WAV files: 16-bit PCM, mono, written safely.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "support/files.h"

namespace voxtral_tts::audio {

constexpr uint64_t kWavHeaderBytes = 44;
constexpr uint32_t kUnknownWavSize = 0xFFFFFFFF;
// What the 32-bit RIFF size can express, in whole samples.
constexpr uint64_t kMaxWavDataBytes = (0xFFFFFFFFULL - 36) / 2 * 2;

// RIFF/WAVE header for `data_bytes` <= kMaxWavDataBytes bytes of samples, or
// kUnknownWavSize: both sizes then say "until the stream ends".
std::array<std::byte, kWavHeaderBytes> wav_header(
    int sample_rate_hz, uint32_t data_bytes);

// Two ways of writing, chosen by the target:
//   file    a temporary file in the target's directory, valid after every
//           append(); finish() syncs it and renames it to the target, whose
//           older content stays until then. When that fails the temporary file
//           stays and the error names it.
//   stream  a descriptor, a FIFO or a device: a header of unknown size, then
//           samples. Nothing to rename or to take back. finish() writes the
//           true sizes when the descriptor is that of a file.
// All errors are Error{kOutput}, or kReaderGone, with errno and the path.
class WavWriter {
 public:
  // Opens the target, following symbolic links; an existing file must be
  // writable and hands on its mode. Opening a FIFO waits for its reader.
  // `max_data_bytes` <= kMaxWavDataBytes bounds a file.
  WavWriter(
      const std::filesystem::path& target,
      int sample_rate_hz,
      uint64_t max_data_bytes = kMaxWavDataBytes);

  // Streams to `fd`, which stays the caller's; `name` is for messages.
  WavWriter(int fd, std::string name, int sample_rate_hz);

  ~WavWriter(); // abandon(), unless finished or kept

  WavWriter(const WavWriter&) = delete;
  WavWriter& operator=(const WavWriter&) = delete;

  // Appends samples, finite ones; one write, and for a file one more for the
  // header. Refuses, writing nothing, what would pass the size limit. After
  // an error the file is still what it was before the call.
  void append(std::span<const float> samples);

  void finish();

  // Finishes what was appended so far after a failure elsewhere. False when
  // there is nothing to keep or it could not be kept: nothing is left then, but
  // for the temporary file that a warning names when only finish() failed.
  bool keep_partial() noexcept;

  // Removes the temporary file.
  void abandon() noexcept;

 private:
  void create_temporary();
  void append_to_file(std::span<const float> samples);
  void append_to_stream(std::span<const float> samples);
  void write_header(uint64_t offset = 0);
  void complete_stream();
  int close_owned() noexcept; // 0 or errno

  std::filesystem::path target_;
  std::filesystem::path temporary_; // empty: stream, or already gone
  std::string name_;                // of the target in messages
  support::FileDescriptor owned_;
  int fd_ = -1; // owned_ or the caller's
  int sample_rate_hz_;
  uint64_t max_data_bytes_ = kMaxWavDataBytes;
  uint64_t data_bytes_ = 0; // appended so far
  bool is_stream_ = false;
  bool header_written_ = false;           // of a stream
  std::optional<uint64_t> header_offset_; // of a stream that is a file
};

} // namespace voxtral_tts::audio
