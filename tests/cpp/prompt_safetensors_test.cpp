// Hand-made safetensors files; files that the safetensors package wrote are
// read in prompt_voice_embedding_test.cpp.
#include "prompt/safetensors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "voxtral_tts/error.h"

namespace voxtral_tts::prompt {
namespace {

std::string build(
    const std::string& header, size_t data_bytes, uint64_t length_shift = 0) {
  std::string file;
  for (int i = 0; i < 8; ++i) {
    const uint64_t length = header.size() + length_shift;
    file += static_cast<char>((length >> (8 * i)) & 0xFF);
  }
  return file + header + std::string(data_bytes, '\0');
}

StoredTensor read(const std::string& file) {
  return read_safetensor(std::as_bytes(std::span(file)), "embedding");
}

std::string error_of(const std::string& file) {
  try {
    read(file);
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kVoice);
    return error.what();
  }
  return "";
}

std::string tensor(
    const std::string& name,
    int begin,
    int end,
    const std::string& shape = "[2,3]",
    const std::string& dtype = "F32") {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":[" + std::to_string(begin) + "," +
         std::to_string(end) + "]}";
}

TEST(Safetensors, ReadsTheNamedOrTheOnlyTensor) {
  const std::string only = build("{" + tensor("x", 0, 24) + "}", 24);
  const StoredTensor first = read(only);
  EXPECT_EQ(first.shape, (std::vector<uint64_t>{2, 3}));
  EXPECT_EQ(first.strides, (std::vector<uint64_t>{3, 1}));
  EXPECT_EQ(first.storage.size(), 24);

  const std::string named = build(
      "{\"__metadata__\":{\"a\":\"b\"}," +
          tensor("embedding", 24, 36, "[2,3]", "BF16") + "," +
          tensor("x", 0, 24) + "}  ",
      36);
  const StoredTensor second = read(named);
  EXPECT_EQ(second.element_type, ElementType::kBFloat16);
  EXPECT_EQ(
      second.storage.data(), std::as_bytes(std::span(named)).last(12).data());
}

TEST(Safetensors, RefusesEverythingElse) {
  const std::string deep(100'000, '[');
  const std::vector<std::string> files{
      "",
      "1234567",
      build("", 0),
      build("{}", 0),
      build("{}", 0, UINT64_MAX - 2),
      build("{}", 0, 1),
      build("{} x", 0),
      build("[]", 0),
      build("\xff\xff", 0),
      build("{\"x\":" + deep, 0),
      build("{\"x\":1}", 0),
      build("{\"x\":{}}", 0),
      build("{" + tensor("x", 0, 24) + "}", 23),
      build("{" + tensor("x", 0, 24) + "}", 25),
      build("{" + tensor("x", 1, 25) + "}", 25), // gap
      build("{" + tensor("x", 24, 0) + "}", 24), // reversed
      build("{" + tensor("x", -1, 24) + "}", 24),
      build("{" + tensor("x", 0, 24, "[2,2]") + "}", 24),
      build("{" + tensor("x", 0, 24, "[2,-3]") + "}", 24),
      build("{" + tensor("x", 0, 24, "[2.0,3]") + "}", 24),
      build("{" + tensor("x", 0, 24, "[[2],3]") + "}", 24),
      build("{" + tensor("x", 0, 24, "6") + "}", 24),
      // 2^62 * 4 elements of 4 bytes wrap to 0 in 64 bits
      build("{" + tensor("x", 0, 0, "[4611686018427387904,4]") + "}", 0),
      build("{" + tensor("x", 0, 24, "[2,3]", "F64") + "}", 24),
      build("{" + tensor("x", 0, 24, "[2,3]", "f32") + "}", 24),
      build("{" + tensor("x", 0, 24) + "," + tensor("y", 24, 48) + "}", 48),
      build("{" + tensor("x", 0, 24) + "," + tensor("x", 24, 48) + "}", 48),
      build(
          "{" + tensor("embedding", 0, 24) + "," + tensor("y", 12, 36) + "}",
          36), // overlap
      build(
          "{" + tensor("embedding", 0, 24) + "," + tensor("y", 0, 24) + "}",
          24)};
  for (const std::string& file : files) {
    EXPECT_NE(error_of(file), "") << testing::PrintToString(file.substr(0, 99));
  }
}

TEST(Safetensors, LimitsTheHeader) {
  const std::string spaces((16 << 20) + 1, ' ');
  EXPECT_NE(error_of(build(spaces, 0)).find("16 MiB"), std::string::npos);
}

} // namespace
} // namespace voxtral_tts::prompt
