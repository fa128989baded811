// Oracle: the files in tests/data/voices are written by torch.save and
// safetensors, expected.json holds what PyTorch reads from them
// (tests/golden/generate_voices.py).
#include "prompt/voice_embedding.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "support/files.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::prompt {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::byte>;

constexpr int kDim = 8;
constexpr int kMaxRows = 32;

fs::path voices_dir() {
  return fs::path(VOXTRAL_TTS_TEST_DATA_DIR) / "voices";
}

Bytes read_bytes(const std::string& name) {
  return support::read_file(voices_dir() / name, 1 << 20, ErrorClass::kVoice);
}

std::vector<uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<uint32_t> bits;
  for (const float value : values) {
    bits.push_back(std::bit_cast<uint32_t>(value));
  }
  return bits;
}

// The message of the Error{kVoice} that `call` throws, "" if it throws none.
template <typename Call>
std::string voice_error(Call call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kVoice) << error.what();
    return error.what();
  }
  return "";
}

TEST(VoiceEmbedding, EveryFileReadsAsInPyTorchOrIsRefused) {
  std::ifstream file(voices_dir() / "expected.json");
  const auto expected = nlohmann::json::parse(file);
  ASSERT_GT(expected.size(), 30);
  for (const auto& [name, entry] : expected.items()) {
    SCOPED_TRACE(name);
    const fs::path path = voices_dir() / name;
    if (entry.contains("error")) {
      const std::string message =
          voice_error([&] { load_voice_embedding(path, kDim, kMaxRows); });
      EXPECT_NE(message.find(name), std::string::npos) << message;
      EXPECT_NE(
          message.find(entry["error"].get<std::string>()), std::string::npos)
          << message;
      continue;
    }
    std::vector<float> values;
    for (const auto& row : entry["values"]) {
      for (const auto& value : row) {
        values.push_back(value.get<float>());
      }
    }
    const VoiceEmbedding voice = load_voice_embedding(path, kDim, kMaxRows);
    EXPECT_EQ(voice.name, path.stem().string());
    EXPECT_EQ(voice.rows, static_cast<int>(entry["values"].size()));
    EXPECT_EQ(voice.dim, kDim);
    // Exact, the sign of zero included: every value is a float32.
    EXPECT_EQ(bits_of(voice.values), bits_of(values));
  }
  EXPECT_FALSE(fs::exists("voxtral_tts_was_attacked"));
}

TEST(VoiceEmbedding, OtherFilesAreRefused) {
  const auto message_of = [](const fs::path& path) {
    return voice_error([&] { load_voice_embedding(path, kDim, kMaxRows); });
  };
  EXPECT_NE(message_of("missing.pt").find("No such file"), std::string::npos);
  EXPECT_NE(message_of("voice.bin").find("must end in"), std::string::npos);
  EXPECT_NE(
      message_of(std::string("a\0.pt", 5)).find("NUL"), std::string::npos);

  const fs::path dir =
      fs::path(testing::TempDir()) / ("voices-" + std::to_string(::getpid()));
  fs::create_directories(dir / "directory.pt");
  EXPECT_NE(
      message_of(dir / "directory.pt").find("not a regular file"),
      std::string::npos);
  ASSERT_EQ(::mkfifo((dir / "fifo.pt").c_str(), 0600), 0);
  EXPECT_NE( // and does not wait for a writer
      message_of(dir / "fifo.pt").find("not a regular file"),
      std::string::npos);
  std::ofstream(dir / "large.pt") << "x";
  fs::resize_file(dir / "large.pt", (64 << 20) + 1); // sparse
  EXPECT_NE(message_of(dir / "large.pt").find("at most"), std::string::npos);
  fs::remove_all(dir);
}

// Replaces `before` by the equally long `after` in one entry of an archive and
// puts the CRC-32 right, so that only the meaning changes.
std::string edit_entry(
    const std::string& name,
    const std::string& entry,
    const std::string& before,
    const std::string& after) {
  const Bytes bytes = read_bytes(name);
  std::string file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto number = [&file](size_t position, size_t count) {
    size_t value = 0;
    for (size_t i = count; i > 0; --i) {
      value = value << 8 | static_cast<unsigned char>(file[position + i - 1]);
    }
    return value;
  };
  const auto crc32_of = [](const std::string& data) {
    uint32_t crc = 0xFFFFFFFF;
    for (const char c : data) {
      crc ^= static_cast<unsigned char>(c);
      for (int bit = 0; bit < 8; ++bit) {
        crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
      }
    }
    return ~crc;
  };
  const size_t central = file.rfind("archive/" + entry) - 46;
  const size_t local = number(central + 42, 4);
  const size_t begin =
      local + 30 + number(local + 26, 2) + number(local + 28, 2);
  const size_t size = number(central + 24, 4);
  const size_t position = file.find(before, begin);
  EXPECT_LT(position, begin + size);
  EXPECT_EQ(before.size(), after.size());
  file.replace(position, after.size(), after);
  const uint32_t crc = crc32_of(file.substr(begin, size));
  for (size_t i = 0; i < 4; ++i) {
    // In the central header and in the data descriptor behind the data.
    file[central + 16 + i] = static_cast<char>(crc >> (8 * i));
    file[begin + size + 4 + i] = static_cast<char>(crc >> (8 * i));
  }
  return file;
}

TEST(VoiceEmbedding, TensorMustLieInItsStorage) {
  // slice.pt: rows 2 to 4 of a storage of 10 * 8 floats, so offset 16, shape
  // (3, 8), strides (8, 1); the pickle holds them as one-byte integers.
  const std::string plain = "K\x10K\x03K\x08\x86q\x06K\x08K\x01\x86";
  const auto error_with = [&](const std::string& before,
                              const std::string& to) {
    const std::string file = edit_entry("slice.pt", "data.pkl", before, to);
    return voice_error([&] {
      parse_voice_embedding(
          std::as_bytes(std::span(file)), VoiceFormat::kPt, kDim, kMaxRows);
    });
  };
  EXPECT_EQ(error_with(plain, plain), "");
  // The last element is 55 + 2 * 8 + 7 * 1 = 78, 56 + ... = 79, the 80th.
  EXPECT_EQ(error_with("K\x10", "K\x38"), "");
  for (const char* changed :
       {"K\x39K\x03K\x08\x86q\x06K\x08K\x01\x86",    // offset 57
        "K\x10K\x08K\x08\x86q\x06K\x09K\x01\x86",    // 16 + 7 * 9 + 7
        "K\x10K\x03K\x08\x86q\x06K\x08K\x08\x86",    // 16 + 16 + 7 * 8
        "K\xffK\x03K\x08\x86q\x06K\x08K\x01\x86"}) { // 255
    EXPECT_NE(error_with(plain, changed).find("beyond"), std::string::npos);
  }
  for (const char* numel : {"K\x4ft", "K\x51t"}) { // 79, 81
    EXPECT_NE(
        error_with("K\x50t", numel).find("elements has 320 bytes"),
        std::string::npos);
  }
}

TEST(VoiceEmbedding, BigEndianFilesAreRefused) {
  const std::string file =
      edit_entry("bf16.pt", "byteorder", "little", "bigend");
  EXPECT_NE(
      voice_error([&] {
        parse_voice_embedding(
            std::as_bytes(std::span(file)), VoiceFormat::kPt, kDim, kMaxRows);
      }).find("byte order"),
      std::string::npos);
}

class CorruptVoice : public testing::TestWithParam<const char*> {
 protected:
  CorruptVoice()
      : format_(
            fs::path(GetParam()).extension() == ".pt"
                ? VoiceFormat::kPt
                : VoiceFormat::kSafetensors),
        original_(read_bytes(GetParam())) {
  }

  std::optional<VoiceEmbedding> parse(std::span<const std::byte> bytes) const {
    std::optional<VoiceEmbedding> voice;
    voice_error(
        [&] { voice = parse_voice_embedding(bytes, format_, kDim, kMaxRows); });
    return voice;
  }

  VoiceFormat format_;
  Bytes original_;
};

TEST_P(CorruptVoice, EveryTruncationIsRefused) {
  ASSERT_TRUE(parse(original_).has_value());
  for (size_t length = 0; length < original_.size(); ++length) {
    // A copy of just this size: reading beyond it is a sanitizer's finding.
    const Bytes shorter(
        original_.begin(),
        original_.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_FALSE(parse(shorter).has_value()) << length;
  }
  Bytes longer = original_;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(parse(longer).has_value());
}

class CorruptPtVoice : public CorruptVoice {};

// CRC-32 finds every change of up to 32 adjacent bits in an entry, so that a
// changed .pt is refused or was changed where it does not matter.
TEST_P(CorruptPtVoice, EveryChangedByteIsRefusedOrDoesNotMatter) {
  const auto expected = bits_of(parse(original_)->values);
  size_t refused = 0;
  for (size_t i = 0; i < original_.size(); ++i) {
    for (const int mask : {0x01, 0x04, 0x20, 0x80, 0xFF}) {
      Bytes changed = original_;
      changed[i] ^= static_cast<std::byte>(mask);
      const auto voice = parse(changed);
      if (voice.has_value()) {
        EXPECT_EQ(bits_of(voice->values), expected) << i << " ^ " << mask;
      } else {
        ++refused;
      }
    }
  }
  // What may change are padding, versions, times and attributes.
  EXPECT_GT(refused, original_.size() * 5 / 2);
}

TEST_P(CorruptVoice, RandomDamageNeverCrashes) {
  uint64_t state = 12345;
  const auto draw = [&state](size_t limit) { // Knuth's MMIX generator
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<size_t>((state >> 33) % limit);
  };
  for (int round = 0; round < 3000; ++round) {
    Bytes changed = original_;
    for (size_t count = 1 + draw(4); count > 0; --count) {
      changed[draw(changed.size())] = static_cast<std::byte>(draw(256));
    }
    if (draw(4) == 0) {
      changed.resize(draw(changed.size()));
    }
    parse(changed);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files,
    CorruptVoice,
    testing::Values(
        "bf16.pt",
        "protocol4.pt",
        "slice.pt",
        "named.safetensors",
        "single.safetensors"));

// Not for safetensors, which has no checksum.
INSTANTIATE_TEST_SUITE_P(
    Files,
    CorruptPtVoice,
    testing::Values("bf16.pt", "protocol4.pt", "slice.pt"));

} // namespace
} // namespace voxtral_tts::prompt
