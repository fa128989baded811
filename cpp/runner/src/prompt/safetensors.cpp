#include "prompt/safetensors.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/checked.h"
#include "support/files.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::prompt {
namespace {

using Json = nlohmann::json;
using support::in_quotes;

constexpr uint64_t kMaxHeaderBytes = uint64_t{16} << 20;
constexpr int kMaxDepth = 3; // header, tensor, its shape

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorClass::kVoice, "safetensors: " + why);
}

// nlohmann/json keeps the last of repeated keys and nests without limit;
// readers that keep the first would see another tensor.
class HeaderGuard {
 public:
  void operator()(int depth, Json::parse_event_t event, const Json& parsed) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      if (depth >= kMaxDepth) {
        refuse("the header is nested too deep");
      }
      keys_.emplace_back();
    } else if (event == Event::object_end || event == Event::array_end) {
      keys_.pop_back();
    } else if (event == Event::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second) {
        refuse("the header has the key " + in_quotes(key) + " twice");
      }
    }
  }

 private:
  std::vector<std::set<std::string>> keys_;
};

Json parse_header(std::string_view text) {
  HeaderGuard guard;
  try {
    Json header = Json::parse(
        text, [&guard](int depth, Json::parse_event_t event, Json& parsed) {
          guard(depth, event, parsed);
          return true;
        });
    if (!header.is_object()) {
      refuse("the header is no JSON object");
    }
    return header;
  } catch (const Json::exception& error) {
    refuse("the header is no valid JSON: " + in_quotes(error.what()));
  }
}

uint64_t get_size(const Json& value) {
  if (!value.is_number_unsigned()) {
    refuse("a shape or offset is no natural number");
  }
  return value.get<uint64_t>();
}

std::vector<uint64_t> get_sizes(const Json& tensor, const char* key) {
  const auto found = tensor.find(key);
  if (found == tensor.end() || !found->is_array() || found->size() > 8) {
    refuse("a tensor has no valid '" + std::string(key) + "'");
  }
  std::vector<uint64_t> sizes;
  for (const Json& value : *found) {
    sizes.push_back(get_size(value));
  }
  return sizes;
}

struct Extent {
  uint64_t begin = 0;
  uint64_t end = 0; // both in bytes from the start of the data
};

Extent get_extent(const Json& tensor) {
  if (!tensor.is_object()) {
    refuse("a tensor's description is no JSON object");
  }
  const std::vector<uint64_t> offsets = get_sizes(tensor, "data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    refuse("a tensor's data_offsets are not [begin, end]");
  }
  return {.begin = offsets[0], .end = offsets[1]};
}

void check_cover(std::vector<Extent> extents, uint64_t data_bytes) {
  std::sort(
      extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
        return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
      });
  uint64_t covered = 0;
  for (const Extent& extent : extents) {
    if (extent.begin != covered) {
      refuse("the tensors overlap or leave a gap");
    }
    covered = extent.end;
  }
  if (covered != data_bytes) {
    refuse(
        "the tensors need " + std::to_string(covered) +
        " bytes of data, the file has " + std::to_string(data_bytes));
  }
}

ElementType get_element_type(const Json& tensor) {
  const auto found = tensor.find("dtype");
  const std::string dtype = found != tensor.end() && found->is_string()
                                ? found->get<std::string>()
                                : std::string();
  if (dtype == "BF16") {
    return ElementType::kBFloat16;
  }
  if (dtype == "F16") {
    return ElementType::kFloat16;
  }
  if (dtype == "F32") {
    return ElementType::kFloat32;
  }
  refuse("the dtype " + in_quotes(dtype) + " is not BF16, F16 or F32");
}

StoredTensor view_tensor(
    const Json& description, std::span<const std::byte> data) {
  const Extent extent = get_extent(description);
  StoredTensor tensor;
  tensor.element_type = get_element_type(description);
  tensor.storage =
      data.subspan(extent.begin, extent.end - extent.begin); // covered above
  tensor.shape = get_sizes(description, "shape");
  tensor.strides.resize(tensor.shape.size());
  uint64_t numel = 1;
  for (size_t i = tensor.shape.size(); i > 0; --i) {
    tensor.strides[i - 1] = numel;
    numel = support::saturating_mul(numel, tensor.shape[i - 1]);
  }
  if (support::saturating_mul(numel, element_bytes(tensor.element_type)) !=
      tensor.storage.size()) {
    refuse("shape and dtype do not fit the size of the data");
  }
  return tensor;
}

} // namespace

StoredTensor read_safetensor(
    std::span<const std::byte> file, std::string_view name) {
  support::ByteReader reader(file, ErrorClass::kVoice, "safetensors: the file");
  const uint64_t header_bytes = reader.u64();
  if (header_bytes > kMaxHeaderBytes) {
    refuse("the header has more than 16 MiB");
  }
  const Json header = parse_header(reader.text(header_bytes));
  const auto data = reader.bytes(reader.remaining());

  std::vector<Extent> extents;
  std::string only_name;
  for (const auto& [key, description] : header.items()) {
    if (key != "__metadata__") {
      extents.push_back(get_extent(description));
      only_name = key;
    }
  }
  check_cover(extents, data.size());
  auto found = header.find(std::string(name));
  if (found == header.end() && extents.size() == 1) {
    found = header.find(only_name);
  }
  if (found == header.end()) {
    refuse(
        "of " + std::to_string(extents.size()) + " tensors none is named " +
        in_quotes(name));
  }
  return view_tensor(*found, data);
}

} // namespace voxtral_tts::prompt
