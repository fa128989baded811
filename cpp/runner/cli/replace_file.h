// A file that appears under its name only when it is complete.
#pragma once

#include <filesystem>
#include <string>

namespace voxtral_tts::cli {

// Writes go to a temporary file beside `path`, which commit() renames; without
// commit() the temporary file is removed and an older `path` stays. That has to
// be writable and hands on its mode. A `path` that exists and is no regular
// file (a FIFO, a device) is written directly. All errors are Error{kOutput}
// with errno; a vanished reader of a FIFO is Error{kReaderGone}.
class ReplaceFile {
 public:
  explicit ReplaceFile(const std::filesystem::path& path);
  ~ReplaceFile();

  ReplaceFile(const ReplaceFile&) = delete;
  ReplaceFile& operator=(const ReplaceFile&) = delete;

  // Stays owned by this object.
  int descriptor() const noexcept {
    return descriptor_;
  }
  void write(const std::string& text);
  // When the last step fails the temporary file stays, and the error names it.
  // Without `sync` the file may be empty after a loss of power, at no other
  // time.
  void commit(bool sync = true);

 private:
  void create_temporary(const std::filesystem::path& path); // as it was given
  void close_and_remove() noexcept;

  std::filesystem::path path_;
  std::filesystem::path temporary_; // empty: written directly, or committed
  int descriptor_ = -1;
};

} // namespace voxtral_tts::cli
