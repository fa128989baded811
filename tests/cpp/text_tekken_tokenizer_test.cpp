// The tokenizer on a vocabulary small enough to merge by hand, and its
// refusals. Expected ids follow from the merge rule; the real vocabulary is in
// text_tekken_golden_test.cpp.
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "small_tekken.h"
#include "text/pre_tokenizer.h"
#include "text/tekken_tokenizer.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::text {
namespace {

using Ids = std::vector<int32_t>;

class TekkenTokenizerTest : public testing::Test {
 protected:
  void TearDown() override {
    std::filesystem::remove(path_);
  }
  TekkenTokenizer load_text(std::string_view content) {
    std::ofstream(path_, std::ios::binary) << content;
    return TekkenTokenizer::load(path_);
  }
  TekkenTokenizer load(const Json& json) {
    return load_text(json.dump());
  }
  // The file is refused, and the message names it and contains `problem`.
  void expect_refused(std::string_view content, const std::string& problem) {
    try {
      load_text(content);
      ADD_FAILURE() << "accepted, expected: " << problem;
    } catch (const Error& error) {
      const std::string message = error.what();
      EXPECT_EQ(error.error_class(), ErrorClass::kTokenizer) << message;
      EXPECT_NE(message.find(problem), std::string::npos) << message;
      EXPECT_NE(message.find(path_.string()), std::string::npos) << message;
    }
  }
  // The same for a good file that `spoil` has changed.
  void expect_refused(
      const std::function<void(Json&)>& spoil, const std::string& problem) {
    Json json = small_tekken({"ab", "cd"});
    spoil(json);
    expect_refused(json.dump(), problem);
  }

  std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) /
      (std::string("tekken_") +
       testing::UnitTest::GetInstance()->current_test_info()->name() + ".json");
};

int32_t byte_id(char byte) {
  return kSpecial + static_cast<unsigned char>(byte);
}
int32_t merge_id(int index) {
  return kSpecial + 256 + index;
}

TEST_F(TekkenTokenizerTest, LowestRankMergesFirst) {
  // "bc" outranks "ab", so "abc" is a + bc although ab comes first.
  const TekkenTokenizer tokenizer = load(small_tekken({"bc", "ab"}));
  EXPECT_EQ(tokenizer.encode("abc"), (Ids{byte_id('a'), merge_id(0)}));
  EXPECT_EQ(tokenizer.encode("abab"), (Ids{merge_id(1), merge_id(1)}));
}

TEST_F(TekkenTokenizerTest, OfEqualRanksTheLeftmostMergesFirst) {
  const TekkenTokenizer tokenizer = load(small_tekken({"aa", "aaaa"}));
  EXPECT_EQ(tokenizer.encode("aaa"), (Ids{merge_id(0), byte_id('a')}));
  // Not aa + aaa: merged pairs merge again.
  EXPECT_EQ(
      tokenizer.encode("aaaaaaa"),
      (Ids{merge_id(1), merge_id(0), byte_id('a')}));
}

TEST_F(TekkenTokenizerTest, WholePieceIsLookedUpBeforeMerging) {
  // No merges lead to "xyz"; it is found only as a whole piece.
  const TekkenTokenizer tokenizer = load(small_tekken({"xyz"}));
  EXPECT_EQ(tokenizer.encode("xyz"), Ids{merge_id(0)});
  EXPECT_EQ(
      tokenizer.encode("xyzx"),
      (Ids{byte_id('x'), byte_id('y'), byte_id('z'), byte_id('x')}));
}

TEST_F(TekkenTokenizerTest, MergesStayWithinPieces) {
  const TekkenTokenizer tokenizer = load(small_tekken({"a b", "12", " b"}));
  EXPECT_EQ(tokenizer.encode("a b"), (Ids{byte_id('a'), merge_id(2)}));
  EXPECT_EQ(tokenizer.encode("12"), (Ids{byte_id('1'), byte_id('2')}));
  // The last blank belongs to the word.
  EXPECT_EQ(
      tokenizer.encode("a  b"), (Ids{byte_id('a'), byte_id(' '), merge_id(2)}));
}

TEST_F(TekkenTokenizerTest, RowsBeyondTheVocabularyAreNotUsed) {
  Json json = small_tekken({"ab", "cd"});
  json["config"]["default_vocab_size"] = kSpecial + 256 + 1;
  const TekkenTokenizer tokenizer = load(json);
  EXPECT_EQ(tokenizer.vocab_size(), kSpecial + 256 + 1);
  EXPECT_EQ(tokenizer.encode("ab"), Ids{merge_id(0)});
  EXPECT_EQ(tokenizer.encode("cd"), (Ids{byte_id('c'), byte_id('d')}));
}

TEST_F(TekkenTokenizerTest, SpecialTokensAreLookedUpByName) {
  const TekkenTokenizer tokenizer = load(small_tekken({}));
  EXPECT_EQ(tokenizer.special_id("<s>"), 1);
  EXPECT_EQ(tokenizer.special_id("[BEGIN_AUDIO]"), 9);
  EXPECT_EQ(tokenizer.num_special_tokens(), kSpecial);
  EXPECT_EQ(tokenizer.voice_num_audio_tokens().at("bert"), 218);
  EXPECT_EQ(tokenizer.voice_num_audio_tokens().size(), 2u);
  try {
    tokenizer.special_id("[MISSING]");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kTokenizer);
    EXPECT_NE(std::string(error.what()).find("[MISSING]"), std::string::npos);
  }
}

TEST_F(TekkenTokenizerTest, NamesOfSpecialTokensInTextAreText) {
  const TekkenTokenizer tokenizer = load(small_tekken({"ab"}));
  for (const char* text : {"[AUDIO]", "<s>", "a<s>[BEGIN_AUDIO]b"}) {
    const Ids ids = tokenizer.encode(text);
    EXPECT_EQ(ids.size(), std::string_view(text).size());
    for (const int32_t id : ids) {
      EXPECT_GE(id, kSpecial);
    }
  }
}

TEST_F(TekkenTokenizerTest, VoiceListIsOptional) {
  Json json = small_tekken({});
  json.erase("audio");
  EXPECT_TRUE(load(json).voice_num_audio_tokens().empty());
}

TEST_F(TekkenTokenizerTest, TextIsCheckedAndMayBeEmpty) {
  const TekkenTokenizer tokenizer = load(small_tekken({}));
  EXPECT_TRUE(tokenizer.encode("").empty());
  EXPECT_EQ(tokenizer.encode(std::string_view("\0", 1)), Ids{byte_id('\0')});
  try {
    tokenizer.encode("ab\xC3");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kText);
  }
}

// The bound of 1 s is 20 times what an unoptimised build took; a quadratic
// merge loop needs minutes.
TEST_F(TekkenTokenizerTest, LongRunsTakeTimeInProportion) {
  const TekkenTokenizer tokenizer =
      load(small_tekken({"aa", "aaaa", std::string(8, 'a')}));
  for (const char unit : {'a', 'A', '7', ' ', '!'}) {
    const auto start = std::chrono::steady_clock::now();
    const Ids ids = tokenizer.encode(std::string(100'000, unit));
    const std::chrono::duration<double> elapsed =
        std::chrono::steady_clock::now() - start;
    EXPECT_EQ(ids.size(), unit == 'a' ? 12'500u : 100'000u);
    EXPECT_LT(elapsed.count(), 1.0) << unit;
  }
}

// A pattern that tries half a million ways for every character.
TEST_F(TekkenTokenizerTest, TriesOfAPatternAreLimitedForTheWholeText) {
  Json json = small_tekken({});
  std::string pattern = "(?s)";
  for (int i = 0; i < 19; ++i) {
    pattern += ".?";
  }
  json["config"]["pattern"] = pattern + "(?!)|.";
  const TekkenTokenizer tokenizer = load(json);
  EXPECT_EQ(tokenizer.encode("abc").size(), 3u);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(tokenizer.encode(std::string(10'000, 'a')), Error);
  const std::chrono::duration<double> elapsed =
      std::chrono::steady_clock::now() - start;
  EXPECT_LT(elapsed.count(), 2.0); // over a minute without the limit
}

TEST_F(TekkenTokenizerTest, RefusesConfigOutOfRange) {
  const auto set = [this](const char* key, Json value, const char* problem) {
    expect_refused(
        [&](Json& json) { json["config"][key] = value; }, std::string(problem));
  };
  for (const Json& value :
       {Json(-1),
        Json(0),
        Json(kSpecial),
        Json(1LL << 40),
        Json(~0ULL),
        Json(268.0),
        Json("268"),
        Json(nullptr),
        Json::array()}) {
    set("default_vocab_size", value, "default_vocab_size");
  }
  set("default_vocab_size", 1000, "vocab has 258 rows");
  for (const Json& value : {Json(-1), Json(0), Json(268), Json(~0ULL)}) {
    set("default_num_special_tokens", value, "default_num_special_tokens");
  }
  expect_refused(
      [](Json& json) {
        json["config"]["default_vocab_size"] = 258 + 9;
        json["config"]["default_num_special_tokens"] = 9;
      },
      "special token rank 9 is not below");
  set("pattern", "", "config.pattern");
  set("pattern", 7, "config.pattern");
  set("pattern", "(a", "missing closing parenthesis at byte offset 2");
  set("pattern", "\\C", "config.pattern");
}

TEST_F(TekkenTokenizerTest, RefusesVocabularyWithBadRows) {
  const auto row =
      [this](size_t index, const char* key, Json value, const char* problem) {
        expect_refused(
            [&](Json& json) { json["vocab"][index][key] = value; },
            std::string(problem));
      };
  row(3, "rank", 2, "vocab row 3: has rank 2");
  row(3, "rank", -3, "vocab row 3: has rank -3");
  row(3, "rank", ~0ULL, "vocab row 3: has rank");
  row(3, "rank", "3", "vocab row 3: needs");
  row(3, "rank", Json::array({3}), "vocab row 3: needs");
  row(257, "token_bytes", 5, "vocab row 257: needs");
  for (const char* bad : {"A", "AA", "AAA", "A===", "AA=A", "A*==", "AB=="}) {
    row(257, "token_bytes", bad, "vocab row 257: 'token_bytes' is not base64");
  }
  row(257, "token_bytes", "", "vocab rank 257 is empty");
  row(257, "token_bytes", base64("ab"), "vocab ranks 256 and 257 hold");
  row(65, "token_bytes", base64("?!"), "vocab rank 65 is not that single byte");
  expect_refused(
      [](Json& json) { json["vocab"].erase(5); }, "vocab row 5: has rank 6");
  expect_refused(
      [](Json& json) { json["vocab"] = Json::array(); }, "vocab has 0 rows");
  expect_refused([](Json& json) { json.erase("vocab"); }, "vocab has 0 rows");
  expect_refused([](Json& json) { json["vocab"] = 3; }, "plain value");
  expect_refused([](Json& json) { json["vocab"] = {{"a", 1}}; }, "an object");
  expect_refused([](Json& json) { json["vocab"][2] = 3; }, "plain value");
  expect_refused(
      [](Json& json) { json["vocab"][2] = Json::array(); }, "an array");
}

TEST_F(TekkenTokenizerTest, RefusesBadSpecialTokensAndVoices) {
  const auto row = [this](const char* key, Json value, const char* problem) {
    expect_refused(
        [&](Json& json) { json["special_tokens"][1][key] = value; },
        std::string(problem));
  };
  row("rank", 1, "occurs twice");
  row("token_str", "<s>", "occurs twice");
  row("rank", -1, "out of range");
  row("rank", ~0ULL, "out of range");
  row("rank", nullptr, "special_tokens row 1: needs");
  row("token_str", nullptr, "special_tokens row 1: needs");
  expect_refused(
      [](Json& json) { json.erase("special_tokens"); }, "no special_tokens");
  for (const Json& value : {Json(0), Json(-5), Json(~0ULL)}) {
    expect_refused(
        [&](Json& json) {
          json["audio"]["voice_num_audio_tokens"]["anna"] = value;
        },
        "voice 'anna'");
  }
}

TEST_F(TekkenTokenizerTest, RefusesWhatIsNoJsonObject) {
  const std::string good = small_tekken({}).dump();
  expect_refused("", "not valid JSON");
  expect_refused("\xFF\xFE", "not valid JSON");
  expect_refused(good.substr(0, good.size() / 2), "not valid JSON at byte");
  expect_refused(good + "x", "not valid JSON");
  expect_refused("{\"x\": 1e999}", "not valid JSON");
  expect_refused("[]", "an array");
  expect_refused("3", "plain value");
  expect_refused("{}", "config.pattern");
  expect_refused("{\"x\":" + std::string(100'000, '['), "nested deeper");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) {
    objects += "{\"vocab\":";
  }
  expect_refused(objects, "an object");
}

TEST_F(TekkenTokenizerTest, RefusesFilesThatCannotBeRead) {
  try {
    TekkenTokenizer::load("/nonexistent/tekken.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kTokenizer);
    EXPECT_EQ(error.system_errno(), ENOENT);
    for (const char* part :
         {"/nonexistent/tekken.json", "copy tekken.json there"}) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos);
    }
  }
  EXPECT_THROW(TekkenTokenizer::load(testing::TempDir()), Error);
  // Sparse, so it takes no space; refused before it is read.
  std::ofstream(path_) << "{";
  std::filesystem::resize_file(path_, uintmax_t{2} << 30);
  EXPECT_THROW(TekkenTokenizer::load(path_), Error);
}

ErrorClass split_error(const char* pattern, const std::string& text) {
  try {
    PreTokenizer(pattern).split(text);
  } catch (const Error& error) {
    return error.error_class();
  }
  return ErrorClass::kInternal; // no error
}

TEST(PreTokenizer, FailsRatherThanLosesText) {
  EXPECT_EQ(split_error("a+", "aab"), ErrorClass::kTokenizer);
  EXPECT_EQ(split_error("a*", "b"), ErrorClass::kTokenizer);
  EXPECT_EQ(split_error("a\\Kb", "ab"), ErrorClass::kTokenizer);
  // Nested repeats: exponential, stopped by the limit on backtracking.
  EXPECT_EQ(
      split_error("(a+)+c|a", std::string(64, 'a') + "b"), ErrorClass::kText);
}

TEST(PreTokenizer, PiecesAreViewsIntoTheText) {
  const std::string text = "ab\u180Ecd";
  const auto pieces = PreTokenizer(R"(\p{L}+|\P{L})").split(text);
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0].data(), text.data());
  EXPECT_EQ(pieces[1], "\u180E");
  EXPECT_EQ(pieces[2], "cd");
}

} // namespace
} // namespace voxtral_tts::text
