#include "prompt/prefix_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "support/cache_file.h"
#include "support/cache_folder.h"
#include "support/checked.h"
#include "support/files.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/log.h"

namespace voxtral_tts::prompt {
namespace {

using support::Bytes;
using support::Hash128;

constexpr std::string_view kMagic = "VXPREFIX";
constexpr uint32_t kVersion = 1;
constexpr std::string_view kNamePrefix = "voice-";
constexpr support::CacheLimits kLimits{64, uint64_t{4} << 30};

[[noreturn]] void ignore(const std::string& why) {
  throw Error(ErrorClass::kInternal, why);
}

Bytes as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

void append(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>(value >> (8 * i)));
  }
}

} // namespace

PrefixFiles::PrefixFiles(
    std::filesystem::path folder,
    const Hash128& model,
    std::span<const model::KvBuffer> buffers)
    : folder_(std::move(folder)), model_(model) {
  for (const model::KvBuffer& buffer : buffers) {
    buffers_.push_back({buffer.name + " " + buffer.format, buffer.row_bytes});
  }
}

Hash128 PrefixFiles::key(const Hash128& voice, size_t rows) const {
  std::string layout = std::to_string(rows) + "\n";
  for (const Layout& buffer : buffers_) {
    layout += buffer.text + "\n";
  }
  const Bytes parts[] = {model_, voice, as_bytes(layout)};
  return support::hash_of(parts);
}

std::filesystem::path PrefixFiles::path(
    const Hash128& voice, size_t rows) const {
  return folder_ /
         (std::string(kNamePrefix) + support::to_hex(key(voice, rows)) + ".kv");
}

uint64_t PrefixFiles::payload_bytes(size_t rows) const {
  uint64_t row_bytes = 0;
  for (const Layout& buffer : buffers_) {
    row_bytes = support::saturating_add(row_bytes, buffer.row_bytes);
  }
  return support::saturating_mul(row_bytes, rows);
}

std::string PrefixFiles::header(const Hash128& voice, size_t rows) const {
  const Hash128 id = key(voice, rows);
  std::string bytes(kMagic);
  append(bytes, kVersion, 4);
  bytes += support::as_text(id);
  append(bytes, rows, 8);
  append(bytes, buffers_.size(), 4);
  for (const Layout& buffer : buffers_) {
    append(bytes, buffer.row_bytes, 8);
    append(bytes, buffer.text.size(), 4);
    bytes += buffer.text;
  }
  append(bytes, payload_bytes(rows), 8);
  return bytes;
}

// Everything but the payload is known beforehand, so nothing that the file says
// about itself is ever used: it is compared.
void PrefixFiles::read_checked(
    const std::filesystem::path& path,
    const Hash128& voice,
    size_t rows,
    std::span<const std::span<std::byte>> payload) const {
  const std::string expected = header(voice, rows);
  std::string found(expected.size(), '\0');
  Hash128 checksum;
  const support::FileDescriptor file = support::open_cache_file(
      path,
      support::saturating_add(
          expected.size() + checksum.size(), payload_bytes(rows)));
  const auto fill = [&](std::span<std::byte> part) {
    support::read_all(file.get(), part, path, ErrorClass::kInternal);
  };
  fill(std::as_writable_bytes(std::span(found)));
  fill(checksum);
  if (found != expected) {
    ignore("it is of another version, or belongs to another voice or model");
  }
  std::ranges::for_each(payload, fill);
  const std::vector<Bytes> filled(payload.begin(), payload.end());
  if (support::hash_of(filled) != checksum) {
    ignore("its checksum is wrong");
  }
  ::futimens(file.get(), nullptr); // used now: removed last
}

bool PrefixFiles::read(
    const Hash128& voice,
    size_t rows,
    std::span<const std::span<std::byte>> payload) const noexcept {
  try {
    const std::filesystem::path file = path(voice, rows);
    try {
      read_checked(file, voice, rows, payload);
      return true;
    } catch (const std::exception& error) {
      log_debug("voice cache: not used: %s: %s", file.c_str(), error.what());
    }
  } catch (...) {
    log_debug("voice cache: out of memory");
  }
  return false;
}

void PrefixFiles::write(
    const Hash128& voice,
    size_t rows,
    std::span<const Bytes> payload) const noexcept {
  try {
    const std::filesystem::path target = path(voice, rows);
    try {
      const std::string head = header(voice, rows);
      const Hash128 checksum = support::hash_of(payload);
      std::vector<Bytes> parts{as_bytes(head), checksum};
      parts.insert(parts.end(), payload.begin(), payload.end());
      support::write_cache_file(target, parts);
      log_debug("voice cache: wrote %s", target.c_str());
      support::remove_oldest(folder_, kNamePrefix, target, kLimits);
    } catch (const std::exception& error) {
      log_info("voice cache: not kept: %s: %s", target.c_str(), error.what());
    }
  } catch (...) {
    log_debug("voice cache: out of memory");
  }
}

void PrefixFiles::remove(const Hash128& voice, size_t rows) const noexcept {
  try {
    ::unlink(path(voice, rows).c_str());
  } catch (...) {
    log_debug("voice cache: out of memory");
  }
}

} // namespace voxtral_tts::prompt
