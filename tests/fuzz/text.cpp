// Text from a user: UTF-8, its ids, the prompt. The tokenizer is a small one
// with the true pattern. Oracle: a UTF-8 check written from Unicode's
// definition, and that the bytes of the tokens, end to end, are the text.
#include <algorithm>
#include <array>
#include <bit>
#include <utility>
#include <vector>

#include "fake_speech_model.h"
#include "fuzz.h"
#include "prompt/speech_prompt.h"
#include "single_bytes.h"
#include "text/tekken_tokenizer.h"
#include "text/utf8.h"

using namespace voxtral_tts;

namespace {

constexpr int kSpecial = 40;
constexpr std::array<std::string_view, 20> kMerged = {
    "He",       "ll",       "Hell", "Hello",    " w", "or",     " wor",
    "ld",       "\xC3\xB6", "  ",   "\r\n",     "12", "[INST]", "</s>",
    "\xE4\xBD", "'t",       "...",  "\xF0\x9F", "aa", "aaaa"};
// tests/golden/make_tekken.py takes the same from the published file.
constexpr std::string_view kPattern =
    R"([^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+)";

std::string vocabulary() {
  std::string rows = fuzz::single_bytes();
  for (size_t i = 0; i < kMerged.size(); ++i) {
    rows += "," + fuzz::vocabulary_row(256 + i, kMerged[i]);
  }
  return R"({"config":{"pattern":")" + std::string(kPattern) +
         R"(","default_vocab_size":)" +
         std::to_string(kSpecial + 256 + kMerged.size()) +
         R"(,"default_num_special_tokens":)" + std::to_string(kSpecial) +
         R"(},"vocab":[)" + rows +
         R"(],"special_tokens":[{"rank":3,"token_str":"[INST]"},)"
         R"({"rank":2,"token_str":"</s>"}]})";
}

const text::TekkenTokenizer& tokenizer() {
  static const auto loaded =
      text::TekkenTokenizer::load(fuzz::write_file("text.json", vocabulary()));
  return loaded;
}

// Decodes by the widest meaning of the lead byte, then asks what the shortest
// form of that code point is.
bool is_utf8(std::string_view text) {
  const auto byte = [&](size_t i) -> uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  for (size_t i = 0; i < text.size();) {
    const uint32_t lead = byte(i);
    const size_t ones =
        static_cast<size_t>(std::countl_one(static_cast<unsigned char>(lead)));
    if (ones == 1 || ones > 4) {
      return false;
    }
    const size_t length = ones == 0 ? 1 : ones;
    uint32_t code_point = ones == 0 ? lead : lead & (0x7FU >> ones);
    for (size_t k = 1; k < length; ++k) {
      if (byte(i + k) >> 6 != 2) {
        return false;
      }
      code_point = (code_point << 6) | (byte(i + k) & 0x3F);
    }
    const size_t shortest = code_point < 0x80      ? 1
                            : code_point < 0x800   ? 2
                            : code_point < 0x10000 ? 3
                                                   : 4;
    const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    if (length != shortest || is_surrogate || code_point > 0x10FFFF) {
      return false;
    }
    i += length;
  }
  return true;
}

std::string decoded(const std::vector<int32_t>& ids) {
  std::string bytes;
  for (const int32_t id : ids) {
    fuzz::require(id >= kSpecial, "no control token in the text");
    const auto rank = static_cast<size_t>(id - kSpecial);
    fuzz::require(rank < 256 + kMerged.size(), "ids below vocab_size");
    if (rank < 256) {
      bytes += static_cast<char>(rank);
    } else {
      bytes += kMerged[rank - 256];
    }
  }
  return bytes;
}

void check_prompt(const std::vector<int32_t>& ids) {
  FakeSpeechModel model; // embeds id as (id, -id)
  const prompt::VoiceEmbedding voice{"", 1, 2, {7, 8}};
  const auto made = prompt::make_prompt(model, ids, voice);
  const auto rows = made.voice.size() / 2 + made.text.size() / 2;
  fuzz::require(
      std::cmp_equal(rows, prompt::prompt_rows(ids.size(), voice.rows)),
      "as many rows as promised");
  fuzz::require(
      made.voice == std::vector<float>{1, -1, 25, -25, 7, 8},
      "bos, begin_audio, voice");
  fuzz::require(
      made.text.front() == 36 && made.text[made.text.size() - 4] == 35 &&
          made.text[made.text.size() - 2] == 25,
      "text_to_audio, text, audio_to_text, begin_audio");
  for (size_t i = 0; i < ids.size(); ++i) {
    fuzz::require(
        made.text[2 * i + 2] == static_cast<float>(ids[i]), "the text's ids");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const bool valid =
      fuzz::reads(ErrorClass::kText, [&] { text::validate_utf8(text); });
  fuzz::require(valid == is_utf8(text), "valid UTF-8, and nothing else");
  std::vector<int32_t> ids;
  const bool encoded =
      fuzz::reads(ErrorClass::kText, [&] { ids = tokenizer().encode(text); });
  fuzz::require(encoded == valid, "valid text of this length is encoded");
  if (encoded) {
    fuzz::require(decoded(ids) == text, "the ids spell the text");
    check_prompt(ids);
  }
  return 0;
}
