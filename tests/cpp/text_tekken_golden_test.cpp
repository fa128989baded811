// Ids equal to mistral-common's, with the real text vocabulary. Exact: ids are
// discrete. tests/data/golden/README.md tells how the goldens are made and what
// VOXTRAL_TTS_TEKKEN must name.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "text/pre_tokenizer.h"
#include "text/tekken_tokenizer.h"
#include "text/utf8.h"

namespace voxtral_tts::text {
namespace {

using Json = nlohmann::json;
using Ids = std::vector<int32_t>;

Json read_golden(const char* name) {
  const std::filesystem::path file =
      std::filesystem::path(VOXTRAL_TTS_TEST_DATA_DIR) / "golden" / name;
  std::ifstream stream(file);
  if (!stream) {
    throw std::runtime_error("cannot open " + file.string());
  }
  return Json::parse(stream);
}

class TekkenGoldenTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* path = std::getenv("VOXTRAL_TTS_TEKKEN");
    if (path != nullptr) {
      tokenizer_ =
          std::make_unique<TekkenTokenizer>(TekkenTokenizer::load(path));
    }
  }
  static void TearDownTestSuite() {
    tokenizer_.reset();
  }
  void SetUp() override {
    ASSERT_NE(tokenizer_, nullptr)
        << "set VOXTRAL_TTS_TEKKEN to an output of tests/golden/make_tekken.py";
  }
  static inline std::unique_ptr<TekkenTokenizer> tokenizer_;
};

// FNV-1a, 64 bits, over the ids as little-endian 32-bit words, in hex.
std::string digest(const Ids& ids) {
  uint64_t value = 0xCBF29CE484222325;
  for (const int32_t id : ids) {
    for (int shift = 0; shift < 32; shift += 8) {
      value ^= (static_cast<uint32_t>(id) >> shift) & 0xFF;
      value *= 0x100000001B3;
    }
  }
  std::string hex(16, '0');
  for (size_t i = 16; i-- > 0; value >>= 4) {
    hex[i] = "0123456789abcdef"[value & 15];
  }
  return hex;
}

TEST_F(TekkenGoldenTest, TextsHaveTheIdsOfMistralCommon) {
  const Json texts = read_golden("tokenizer.json").at("texts");
  ASSERT_GE(texts.size(), 2000u);
  for (const Json& entry : texts) {
    const auto text = entry.at("text").get<std::string>();
    EXPECT_EQ(tokenizer_->encode(text), entry.at("ids").get<Ids>())
        << entry.at("text");
  }
}

// 1 s a run is 10 times what the slowest took under AddressSanitizer.
TEST_F(TekkenGoldenTest, LongRunsHaveTheIdsOfMistralCommon) {
  const Json runs = read_golden("tokenizer.json").at("long_runs");
  for (const Json& run : runs) {
    std::string text;
    for (int i = 0; i < run.at("count").get<int>(); ++i) {
      text += run.at("unit").get_ref<const std::string&>();
    }
    const auto start = std::chrono::steady_clock::now();
    const Ids ids = tokenizer_->encode(text);
    const std::chrono::duration<double> elapsed =
        std::chrono::steady_clock::now() - start;
    EXPECT_EQ(ids.size(), run.at("num_ids").get<size_t>()) << run;
    EXPECT_EQ(digest(ids), run.at("fnv1a64").get<std::string>()) << run;
    EXPECT_LT(elapsed.count(), 1.0) << run;
  }
}

TEST_F(TekkenGoldenTest, PromptsHaveTheTextAndVoiceOfMistralCommon) {
  const Json prompts = read_golden("prompts.json").at("prompts");
  ASSERT_GE(prompts.size(), 15u);
  for (const Json& prompt : prompts) {
    const auto voice = prompt.at("voice").get<std::string>();
    const int32_t n = tokenizer_->voice_num_audio_tokens().at(voice);
    const int32_t begin_audio = tokenizer_->special_id("[BEGIN_AUDIO]");

    Ids ids{tokenizer_->special_id("<s>"), begin_audio};
    ids.insert(
        ids.end(), static_cast<size_t>(n), tokenizer_->special_id("[AUDIO]"));
    ids.push_back(tokenizer_->special_id("[NEXT_AUDIO_TEXT]"));
    const Ids text = tokenizer_->encode(prompt.at("text").get<std::string>());
    ids.insert(ids.end(), text.begin(), text.end());
    ids.push_back(tokenizer_->special_id("[REPEAT_AUDIO_TEXT]"));
    ids.push_back(begin_audio);
    EXPECT_EQ(ids, prompt.at("ids").get<Ids>()) << prompt.at("text");
  }
}

TEST_F(TekkenGoldenTest, SizesAreThoseOfTheModel) {
  EXPECT_EQ(tokenizer_->vocab_size(), 131072);
  EXPECT_EQ(tokenizer_->num_special_tokens(), 1000);
  EXPECT_EQ(tokenizer_->voice_num_audio_tokens().size(), 20u);
}

// All scalar values in order, and the byte offset of each.
struct AllScalarValues {
  std::string text;
  std::vector<size_t> offsets;

  AllScalarValues() {
    for (char32_t code_point = 0; code_point <= 0x10FFFF; ++code_point) {
      if (code_point < 0xD800 || code_point > 0xDFFF) {
        offsets.push_back(text.size());
        append_utf8(code_point, text);
      }
    }
  }
};

// Membership by scalar value, from lengths of runs outside and inside by turns.
std::vector<bool> expand(const Json& runs, size_t size) {
  std::vector<bool> members;
  bool inside = false;
  for (const Json& run : runs) {
    members.insert(members.end(), run.get<size_t>(), inside);
    inside = !inside;
  }
  members.resize(size, inside);
  return members;
}

// Needs no vocabulary: every code point is in the classes where tiktoken's
// engine has it. Unassigned ones are left out, see Note [Unicode version].
TEST(PreTokenizerGolden, ClassesAreThoseOfTiktokenForEveryCodePoint) {
  const Json classes = read_golden("tokenizer.json").at("classes");
  const AllScalarValues all;
  const std::vector<bool> unassigned =
      expand(classes.at("\\p{Cn}"), all.offsets.size());
  for (const auto& [name, runs] : classes.items()) {
    if (name == "\\p{Cn}") {
      continue;
    }
    // \p{Lu} becomes \P{Lu}, \s becomes \S: pieces are the runs in and out.
    std::string negated = name;
    negated[1] = negated[1] == 'p' ? 'P' : 'S';
    const PreTokenizer splitter(name + "+|" + negated + "+");
    std::vector<size_t> starts;
    for (const std::string_view piece : splitter.split(all.text)) {
      starts.push_back(static_cast<size_t>(piece.data() - all.text.data()));
    }
    const std::vector<bool> expected = expand(runs, all.offsets.size());
    bool inside = true; // U+0000 is in none of the classes
    size_t next = 0;
    for (size_t i = 0; i < all.offsets.size(); ++i) {
      if (next < starts.size() && starts[next] == all.offsets[i]) {
        inside = !inside;
        ++next;
      }
      if (!unassigned[i]) {
        ASSERT_EQ(inside, expected[i])
            << name << " U+" << std::hex
            << uint32_t{decode_utf8(all.text, all.offsets[i])};
      }
    }
  }
}

} // namespace
} // namespace voxtral_tts::text
