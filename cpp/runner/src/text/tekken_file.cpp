#include "text/tekken_file.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "support/files.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::text {
namespace {

constexpr int kMaxDepth = 32; // real files need 4
// A bound for every size in the file, far above 131072 and far below overflow.
constexpr int64_t kMaxCount = 1 << 24;

[[noreturn]] void fail(const std::string& problem) {
  throw Error(ErrorClass::kTokenizer, problem);
}

constexpr std::array<int8_t, 256> make_base64_values() {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int8_t>(i);
  }
  return values;
}

// Decodes padded base64 (RFC 4648, section 4) into `out`; false when malformed.
bool decode_base64(std::string_view text, std::string& out) {
  static constexpr auto kValues = make_base64_values();
  out.clear();
  if (text.size() % 4 != 0) {
    return false;
  }
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) {
    text.remove_suffix(1);
  }
  uint32_t bits = 0;
  int num_bits = 0;
  for (const char digit : text) {
    const int value = kValues[static_cast<unsigned char>(digit)];
    if (value < 0) {
      return false;
    }
    bits = (bits << 6) | static_cast<uint32_t>(value);
    num_bits += 6;
    if (num_bits >= 8) {
      num_bits -= 8;
      out.push_back(static_cast<char>(bits >> num_bits));
      bits &= (1u << num_bits) - 1;
    }
  }
  return bits == 0;
}

// Receives the values of the file in order and keeps those that are needed.
// A value of the wrong type is passed over, so it is reported as missing.
class TekkenReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  TekkenFile finish();

  bool null() override {
    return scalar();
  }
  bool boolean(bool) override {
    return scalar();
  }
  bool number_float(double, const std::string&) override {
    return scalar();
  }
  bool binary(binary_t&) override {
    return scalar();
  }
  bool number_unsigned(uint64_t value) override {
    constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
    return number_integer(static_cast<int64_t>(std::min(value, kMax)));
  }
  bool number_integer(int64_t value) override;
  bool string(std::string& value) override;
  bool key(std::string& name) override;
  bool start_object(size_t) override;
  bool end_object() override;
  bool start_array(size_t) override;
  bool end_array() override;
  bool parse_error(
      size_t position,
      const std::string&,
      const nlohmann::detail::exception&) override {
    fail(
        "not valid JSON at byte " + std::to_string(position) +
        "; download the file again");
  }

 private:
  enum class Section { kOther, kConfig, kVocab, kSpecialTokens, kAudio };

  bool is_list() const {
    return section_ == Section::kVocab || section_ == Section::kSpecialTokens;
  }
  bool in_voices() const {
    return section_ == Section::kAudio && depth_ == 3 &&
           subsection_ == "voice_num_audio_tokens";
  }
  bool scalar() const;
  void open();
  void add_token();
  void add_special_token();

  Section section_ = Section::kOther; // the key at depth 1
  std::string subsection_;            // the key at depth 2
  std::string key_;                   // the latest key
  int depth_ = 0;                     // objects and arrays that are open

  // The row being read: `rank`, and `token_bytes` or the special `token_str`.
  std::optional<int64_t> rank_;
  std::optional<std::string> token_;
  std::string decoded_;

  std::optional<std::string> pattern_;
  int64_t vocab_size_ = 0;
  int64_t num_special_tokens_ = 0;
  std::set<int32_t> special_ranks_;
  TekkenFile file_;
};

bool TekkenReader::scalar() const {
  const bool misplaced =
      depth_ == 0 || (depth_ == 1 && section_ != Section::kOther);
  if (misplaced || (is_list() && depth_ == 2)) {
    fail("not a tekken.json: a plain value where a table or row is expected");
  }
  return true;
}

bool TekkenReader::number_integer(int64_t value) {
  scalar();
  if (section_ == Section::kConfig && depth_ == 2) {
    if (key_ == "default_vocab_size") {
      vocab_size_ = value;
    } else if (key_ == "default_num_special_tokens") {
      num_special_tokens_ = value;
    }
  } else if (is_list() && depth_ == 3 && key_ == "rank") {
    rank_ = value;
  } else if (in_voices()) {
    if (value < 1 || value > kMaxCount) {
      fail(
          "audio.voice_num_audio_tokens: voice " + support::in_quotes(key_) +
          " has " + std::to_string(value) + " tokens; expected 1 or more");
    }
    file_.voice_num_audio_tokens[key_] = static_cast<int32_t>(value);
  }
  return true;
}

bool TekkenReader::string(std::string& value) {
  scalar();
  if (section_ == Section::kConfig && depth_ == 2 && key_ == "pattern") {
    pattern_ = value;
  } else if (depth_ == 3) {
    if ((section_ == Section::kVocab && key_ == "token_bytes") ||
        (section_ == Section::kSpecialTokens && key_ == "token_str")) {
      token_ = value;
    }
  }
  return true;
}

bool TekkenReader::key(std::string& name) {
  key_.swap(name);
  if (depth_ == 1) {
    section_ = key_ == "config"           ? Section::kConfig
               : key_ == "vocab"          ? Section::kVocab
               : key_ == "special_tokens" ? Section::kSpecialTokens
               : key_ == "audio"          ? Section::kAudio
                                          : Section::kOther;
  } else if (depth_ == 2) {
    subsection_ = key_;
  }
  return true;
}

void TekkenReader::open() {
  if (++depth_ > kMaxDepth) {
    fail("nested deeper than " + std::to_string(kMaxDepth) + " levels");
  }
}

bool TekkenReader::start_object(size_t) {
  if (depth_ == 1 && is_list()) {
    fail(support::in_quotes(key_) + " is an object; expected an array of rows");
  }
  open();
  if (depth_ == 3) {
    rank_.reset();
    token_.reset();
  }
  return true;
}

bool TekkenReader::end_object() {
  if (depth_ == 3 && section_ == Section::kVocab) {
    add_token();
  } else if (depth_ == 3 && section_ == Section::kSpecialTokens) {
    add_special_token();
  }
  --depth_;
  return true;
}

bool TekkenReader::start_array(size_t) {
  if (depth_ == 0 ||
      (depth_ == 1 && section_ != Section::kOther && !is_list()) ||
      (depth_ == 2 && is_list())) {
    fail("not a tekken.json: an array where an object is expected");
  }
  open();
  return true;
}

bool TekkenReader::end_array() {
  --depth_;
  return true;
}

void TekkenReader::add_token() {
  const std::string row =
      "vocab row " + std::to_string(file_.tokens.size()) + ": ";
  if (!rank_ || !token_) {
    fail(row + "needs an integer 'rank' and a string 'token_bytes'");
  }
  if (*rank_ != static_cast<int64_t>(file_.tokens.size())) {
    fail(
        row + "has rank " + std::to_string(*rank_) +
        "; ranks must count up from 0");
  }
  if (!decode_base64(*token_, decoded_)) {
    fail(row + "'token_bytes' is not base64");
  }
  file_.tokens.push_back(decoded_);
}

void TekkenReader::add_special_token() {
  if (!rank_ || !token_) {
    fail(
        "special_tokens row " + std::to_string(file_.special_ids.size()) +
        ": needs an integer 'rank' and a string 'token_str'");
  }
  if (*rank_ < 0 || *rank_ >= kMaxCount) {
    fail(
        "special token " + support::in_quotes(*token_) + " has rank " +
        std::to_string(*rank_) + ", out of range");
  }
  const auto rank = static_cast<int32_t>(*rank_);
  if (!special_ranks_.insert(rank).second ||
      !file_.special_ids.emplace(*token_, rank).second) {
    fail(
        "special token " + support::in_quotes(*token_) + ", rank " +
        std::to_string(rank) + ": the name or the rank occurs twice");
  }
}

TekkenFile TekkenReader::finish() {
  if (!pattern_ || pattern_->empty()) {
    fail("has no config.pattern");
  }
  if (num_special_tokens_ < 1 || vocab_size_ > kMaxCount ||
      vocab_size_ <= num_special_tokens_) {
    fail(
        "config.default_vocab_size " + std::to_string(vocab_size_) +
        " and config.default_num_special_tokens " +
        std::to_string(num_special_tokens_) +
        " are missing or out of range; expected 0 < special < vocab");
  }
  const int64_t num_tokens = vocab_size_ - num_special_tokens_;
  if (static_cast<int64_t>(file_.tokens.size()) < num_tokens) {
    fail(
        "vocab has " + std::to_string(file_.tokens.size()) +
        " rows; config asks for " + std::to_string(num_tokens));
  }
  if (special_ranks_.empty()) {
    fail("has no special_tokens; speech needs a tekken.json of version 7");
  }
  if (*special_ranks_.rbegin() >= num_special_tokens_) {
    fail(
        "special token rank " + std::to_string(*special_ranks_.rbegin()) +
        " is not below config.default_num_special_tokens " +
        std::to_string(num_special_tokens_));
  }
  file_.pattern = std::move(*pattern_);
  file_.vocab_size = static_cast<int32_t>(vocab_size_);
  file_.num_special_tokens = static_cast<int32_t>(num_special_tokens_);
  file_.tokens.truncate(static_cast<size_t>(num_tokens));
  return std::move(file_);
}

} // namespace

TekkenFile parse_tekken(std::string_view json) {
  TekkenReader reader;
  nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
  return reader.finish();
}

} // namespace voxtral_tts::text
