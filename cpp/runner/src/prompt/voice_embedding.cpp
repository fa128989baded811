#include "prompt/voice_embedding.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "prompt/pt_archive.h"
#include "prompt/pt_pickle.h"
#include "prompt/safetensors.h"
#include "prompt/stored_tensor.h"
#include "support/checked.h"
#include "support/files.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::prompt {
namespace {

using support::in_quotes;
using support::saturating_add;
using support::saturating_mul;

constexpr uint64_t kMaxFileBytes = uint64_t{64} << 20;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorClass::kVoice, why);
}

StoredTensor read_pt_tensor(std::span<const std::byte> bytes) {
  const PtArchive archive(bytes);
  // PyTorch before 2.1 wrote no byteorder, and was little-endian.
  const auto byteorder = archive.find("byteorder");
  if (byteorder.has_value() && support::as_text(*byteorder) != "little") {
    refuse("its byte order is not little-endian");
  }
  PickledTensor pickled = read_pickled_tensor(archive.entry("data.pkl"));
  StoredTensor tensor;
  tensor.element_type = pickled.element_type;
  tensor.storage = archive.entry("data/" + pickled.storage_key);
  tensor.storage_offset = pickled.storage_offset;
  tensor.shape = std::move(pickled.shape);
  tensor.strides = std::move(pickled.strides);
  if (saturating_mul(
          pickled.storage_numel, element_bytes(tensor.element_type)) !=
      tensor.storage.size()) {
    refuse(
        "its storage of " + std::to_string(pickled.storage_numel) +
        " elements has " + std::to_string(tensor.storage.size()) + " bytes");
  }
  return tensor;
}

std::string shape_text(const StoredTensor& tensor) {
  std::string text = "[";
  for (const uint64_t size : tensor.shape) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  }
  return text + "]";
}

void check_shape(const StoredTensor& tensor, int dim, int max_rows) {
  const auto wanted_dim = static_cast<uint64_t>(dim);
  if (tensor.shape.size() != 2 || tensor.shape[1] != wanted_dim) {
    refuse(
        "its shape is " + shape_text(tensor) + "; the model needs [rows, " +
        std::to_string(dim) + "]");
  }
  if (tensor.shape[0] < 1 ||
      tensor.shape[0] > static_cast<uint64_t>(max_rows)) {
    refuse(
        "it has " + std::to_string(tensor.shape[0]) +
        " rows; the model takes 1 to " + std::to_string(max_rows));
  }
}

// The last element must lie inside the storage; strides are not negative, so
// all others do as well.
void check_bounds(const StoredTensor& tensor) {
  uint64_t last = tensor.storage_offset;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    last = saturating_add(
        last, saturating_mul(tensor.shape[i] - 1, tensor.strides[i]));
  }
  if (last >= tensor.storage.size() / element_bytes(tensor.element_type)) {
    refuse("its offset and strides reach beyond its storage");
  }
}

// IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. Every
// value of it is a float32.
float float_from_half(uint32_t bits) {
  const int exponent = static_cast<int>((bits >> 10) & 0x1F);
  const auto fraction = static_cast<float>(bits & 0x3FF);
  float magnitude = 0;
  if (exponent == 0x1F) {
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    magnitude = std::ldexp(fraction, -24);
  } else {
    magnitude = std::ldexp(fraction + 1024, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

float element_at(const StoredTensor& tensor, uint64_t index) {
  const uint64_t bytes = element_bytes(tensor.element_type);
  uint32_t bits = 0;
  for (uint64_t i = bytes; i > 0; --i) {
    const std::byte byte = tensor.storage[index * bytes + i - 1];
    bits = (bits << 8) | std::to_integer<uint32_t>(byte);
  }
  switch (tensor.element_type) {
    case ElementType::kBFloat16: // the upper half of a float32
      return std::bit_cast<float>(bits << 16);
    case ElementType::kFloat16:
      return float_from_half(bits);
    case ElementType::kFloat32:
      break;
  }
  return std::bit_cast<float>(bits);
}

std::vector<float> read_rows(const StoredTensor& tensor) {
  std::vector<float> values;
  values.reserve(tensor.shape[0] * tensor.shape[1]);
  for (uint64_t row = 0; row < tensor.shape[0]; ++row) {
    for (uint64_t column = 0; column < tensor.shape[1]; ++column) {
      const uint64_t index = tensor.storage_offset + row * tensor.strides[0] +
                             column * tensor.strides[1];
      const float value = element_at(tensor, index);
      if (!std::isfinite(value)) {
        refuse(
            "its value in row " + std::to_string(row) + ", column " +
            std::to_string(column) + " is NaN or infinite");
      }
      values.push_back(value);
    }
  }
  return values;
}

VoiceFormat format_of(const std::filesystem::path& file) {
  if (file.extension() == ".pt") {
    return VoiceFormat::kPt;
  }
  if (file.extension() == ".safetensors") {
    return VoiceFormat::kSafetensors;
  }
  refuse(
      "voice " + in_quotes(file.native()) +
      ": the name must end in .pt or .safetensors");
}

} // namespace

VoiceEmbedding parse_voice_embedding(
    std::span<const std::byte> bytes,
    VoiceFormat format,
    int dim,
    int max_rows) {
  const StoredTensor tensor = format == VoiceFormat::kPt
                                  ? read_pt_tensor(bytes)
                                  : read_safetensor(bytes, "embedding");
  check_shape(tensor, dim, max_rows);
  check_bounds(tensor);
  VoiceEmbedding voice;
  voice.rows = static_cast<int>(tensor.shape[0]);
  voice.dim = dim;
  voice.values = read_rows(tensor);
  return voice;
}

VoiceEmbedding load_voice_embedding(
    const std::filesystem::path& file, int dim, int max_rows) {
  const VoiceFormat format = format_of(file);
  const std::vector<std::byte> bytes =
      support::read_file(file, kMaxFileBytes, ErrorClass::kVoice);
  try {
    VoiceEmbedding voice = parse_voice_embedding(bytes, format, dim, max_rows);
    voice.name = file.stem().string();
    return voice;
  } catch (const Error& error) {
    throw Error(
        error.error_class(),
        "voice " + in_quotes(file.native()) + " is unusable: " + error.what());
  }
}

} // namespace voxtral_tts::prompt
