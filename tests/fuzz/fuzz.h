// What the fuzz targets share. A target ends the process, as the sanitizers do,
// when a reader breaks a promise of its header.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "voxtral_tts/error.h"

namespace voxtral_tts::fuzz {

inline void require(bool condition, const char* promise) {
  if (!condition) {
    std::fprintf(stderr, "broken promise: %s\n", promise);
    std::abort();
  }
}

inline std::span<const std::byte> bytes_of(const uint8_t* data, size_t size) {
  return std::as_bytes(std::span(data, size));
}

inline std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Messages go to a terminal and into JSON.
inline void check_message(std::string_view message) {
  require(!message.empty() && message.size() < 2000, "a message is short");
  for (const char c : message) {
    require(static_cast<unsigned char>(c) >= 0x20, "a message is one line");
  }
}

// Whether `read` returns; an Error of the given class is the only other way
// out. Any other exception is left to end the process.
template <typename Read>
bool reads(ErrorClass expected, Read&& read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    require(error.error_class() == expected, "the class of the error");
    check_message(error.what());
    return false;
  }
}

// A folder for readers of files, in memory where TMPDIR is.
inline const std::filesystem::path& folder() {
  static const std::filesystem::path path = [] {
    const auto made = std::filesystem::temp_directory_path() /
                      ("voxtral_tts_fuzz." + std::to_string(::getpid()));
    std::filesystem::create_directories(made);
    std::atexit([] { std::filesystem::remove_all(folder()); });
    return made;
  }();
  return path;
}

// Replaces the content of a file in folder().
inline std::filesystem::path write_file(
    const char* name, std::string_view content) {
  const auto path = folder() / name;
  std::FILE* file = std::fopen(path.c_str(), "wb");
  require(file != nullptr, "TMPDIR can be written");
  require(
      std::fwrite(content.data(), 1, content.size(), file) == content.size() &&
          std::fclose(file) == 0,
      "TMPDIR has room");
  return path;
}

} // namespace voxtral_tts::fuzz

extern "C" {
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
size_t LLVMFuzzerCustomMutator(
    uint8_t* data, size_t size, size_t max_size, unsigned seed);
}
