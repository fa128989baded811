// A file of the KV prefix cache. The file is the one that belongs there, with
// the input laid over it by exclusive or; the first byte changes its length.
#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz.h"
#include "prompt/prefix_files.h"

using namespace voxtral_tts;

namespace {

constexpr size_t kRows = 3;
constexpr size_t kKeyBytes = 8;
constexpr size_t kValueBytes = 2;

struct Cache {
  Cache() {
    for (size_t i = 0; i < keys.size(); ++i) {
      keys[i] = static_cast<std::byte>(i * 7);
    }
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<std::byte>(i * 11);
    }
    const support::Bytes parts[] = {keys, values};
    files.write(voice, kRows, parts);
    path = files.path(voice, kRows);
    std::ifstream file(path, std::ios::binary);
    original = {std::istreambuf_iterator<char>(file), {}};
    fuzz::require(original.size() > 72, "the file is written");
  }

  support::Hash128 voice{};
  std::array<std::byte, kRows * kKeyBytes> keys{};
  std::array<std::byte, kRows * kValueBytes> values{};
  std::vector<model::KvBuffer> buffers{
      {"0.k_cache", "Float [1, 64, 1, 2]", keys, kKeyBytes},
      {"0.v_cache", "Half [1, 64, 1, 1]", values, kValueBytes}};
  prompt::PrefixFiles files{fuzz::folder() / "cache", {}, buffers};
  std::filesystem::path path;
  std::string original;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Cache cache;
  std::string file = cache.original;
  if (size > 0) {
    const int change = static_cast<int8_t>(data[0]);
    file.resize(
        static_cast<size_t>(
            std::max(0, static_cast<int>(file.size()) + change)));
    for (size_t i = 1; i < size && i <= file.size(); ++i) {
      file[i - 1] = static_cast<char>(file[i - 1] ^ data[i]);
    }
  }
  fuzz::write_file("cache/file", file);
  std::filesystem::rename(fuzz::folder() / "cache/file", cache.path);

  std::array<std::byte, kRows * kKeyBytes> keys{};
  std::array<std::byte, kRows * kValueBytes> values{};
  const std::span<std::byte> parts[] = {keys, values};
  const bool used = cache.files.read(cache.voice, kRows, parts);
  fuzz::require(
      used == (file == cache.original), "to the byte what was written");
  fuzz::require(
      !used || (keys == cache.keys && values == cache.values),
      "the rows that were written");
  return 0;
}
