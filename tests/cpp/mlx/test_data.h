// The programs of data/, which make_data.py exported, and PyTorch's answers.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace voxtral_tts::mlx_delegate {

inline std::string data_path(const std::string& name) {
  return std::string(VOXTRAL_TTS_MLX_TEST_DATA_DIR) + "/" + name;
}

inline std::vector<std::byte> read_file(const std::string& name) {
  std::ifstream file(data_path(name), std::ios::binary);
  const std::vector<char> chars{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::byte> bytes(chars.size());
  std::memcpy(bytes.data(), chars.data(), chars.size());
  return bytes;
}

// The delegate's payload inside a .pte: a header of 24 bytes, whose second
// word says where the FlatBuffer behind it ends.
inline std::vector<std::byte> read_payload_of(const std::string& name) {
  const auto file = read_file(name);
  const std::string_view text(
      reinterpret_cast<const char*>(file.data()), file.size());
  const size_t magic = text.rfind("MLX0");
  if (magic == std::string_view::npos) {
    throw std::runtime_error(name + " holds no MLX payload");
  }
  const auto* payload = file.data() + magic - 4;
  uint64_t size = 0;
  std::memcpy(&size, payload + 8, sizeof(size));
  return {payload, payload + size};
}

inline std::vector<float> read_floats(const std::string& name) {
  const auto bytes = read_file(name);
  std::vector<float> floats(bytes.size() / sizeof(float));
  std::memcpy(floats.data(), bytes.data(), bytes.size());
  return floats;
}

// sin(1), sin(2), ...: what make_data.py gave to the programs.
inline std::vector<float> example(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i] = static_cast<float>(std::sin(static_cast<double>(i + 1)));
  }
  return values;
}

// attention.pte
struct AttentionCall {
  int rows;
  int64_t position;
};
inline constexpr AttentionCall kAttentionCalls[] = {
    {4, 0}, {1, 4}, {1, 5}, {8, 6}};
inline constexpr int kAttentionDim = 16;
inline constexpr int kAttentionCapacity = 16;
inline constexpr int kAttentionHead = 8;

} // namespace voxtral_tts::mlx_delegate
