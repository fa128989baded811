#include "model/manifest.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "support/checked.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::model {
namespace {

using Json = nlohmann::json;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(
      ErrorClass::kModelLoad,
      "not a manifest: " + why + "; export again, or delete it");
}

const Json& member(const Json& object, const char* name, Json::value_t type) {
  const auto found = object.find(name);
  if (found == object.end() || found->type() != type) {
    refuse(std::string("'") + name + "' is missing or of another type");
  }
  return *found;
}

std::string sha256_of(const Json& object) {
  const auto& text = member(object, "sha256", Json::value_t::string)
                         .get_ref<const std::string&>();
  constexpr size_t kDigits = 64;
  if (text.size() != kDigits ||
      text.find_first_not_of("0123456789abcdef") != std::string::npos) {
    refuse("'sha256' is not 64 lower-case hexadecimal digits");
  }
  return text;
}

uint64_t bytes_of(const Json& object) {
  return member(object, "bytes", Json::value_t::number_unsigned)
      .get<uint64_t>();
}

// Those of [[offset, bytes], ..] in a file of this size.
std::vector<ByteRange> ranges_of(const Json& object, uint64_t file_bytes) {
  std::vector<ByteRange> ranges;
  uint64_t end = 0;
  for (const Json& pair : member(object, "ranges", Json::value_t::array)) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_unsigned() ||
        !pair[1].is_number_unsigned()) {
      refuse("a range is no pair of sizes");
    }
    const ByteRange range{pair[0].get<uint64_t>(), pair[1].get<uint64_t>()};
    if (range.offset < end || range.offset > file_bytes ||
        range.bytes > file_bytes - range.offset) {
      refuse("ranges are out of order or outside of their file");
    }
    end = range.offset + range.bytes;
    ranges.push_back(range);
  }
  return ranges;
}

} // namespace

std::optional<ManifestEntry> find_in_manifest(
    std::span<const std::byte> manifest, std::string_view file_name) {
  // Without exceptions: theirs quote the file, which may be anything.
  const Json parsed = Json::parse(support::as_text(manifest), nullptr, false);
  if (parsed.is_discarded() || !parsed.is_object()) {
    refuse("no JSON object");
  }
  const Json& files = member(parsed, "files", Json::value_t::object);
  const auto found = files.find(std::string(file_name));
  if (found == files.end()) {
    return std::nullopt;
  }
  if (!found->is_object()) {
    refuse("an entry is no object");
  }
  ManifestEntry entry{.bytes = bytes_of(*found), .sha256 = sha256_of(*found)};
  if (const auto part = found->find("interpreted"); part != found->end()) {
    if (!part->is_object()) {
      refuse("'interpreted' is no object");
    }
    entry.interpreted = ranges_of(*part, entry.bytes);
    entry.interpreted_sha256 = sha256_of(*part);
  }
  return entry;
}

} // namespace voxtral_tts::model
