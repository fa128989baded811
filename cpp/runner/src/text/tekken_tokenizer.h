// Text to token ids with the vocabulary of a tekken.json file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "text/byte_pair_encoder.h"
#include "text/pre_tokenizer.h"

namespace voxtral_tts::text {

struct TekkenFile;

// Gives the ids that mistral-common gives. Immutable after load(), so every
// member may be called from several threads at once.
class TekkenTokenizer {
 public:
  // Reads tekken.json, version 7 or later, of at most 256 MiB. Throws
  // Error{kTokenizer} naming the file and the problem; system_errno is set when
  // the file cannot be found, opened or read.
  static TekkenTokenizer load(const std::filesystem::path& tekken_json);

  // Ids of `text` as plain text, each in [num_special_tokens, vocab_size). The
  // name of a special token in the text is text like any other, and nothing is
  // put before or after. Empty text has no ids. Throws Error{kText} when `text`
  // is not UTF-8 or has a run of characters too long to be cut up.
  std::vector<int32_t> encode(std::string_view text) const;

  // Id of a special token, for example "[BEGIN_AUDIO]". Throws
  // Error{kTokenizer} when the file does not name it.
  int32_t special_id(std::string_view name) const;

  // Number of ids, special ones included: every id is below.
  int32_t vocab_size() const noexcept {
    return vocab_size_;
  }
  // Ids below are special tokens.
  int32_t num_special_tokens() const noexcept {
    return num_special_tokens_;
  }
  // Voice name to N, the number of [AUDIO] tokens that stand for it in the
  // prompt. Empty when the file has no such list.
  const std::map<std::string, int32_t, std::less<>>& voice_num_audio_tokens()
      const noexcept {
    return voice_num_audio_tokens_;
  }

 private:
  TekkenTokenizer(std::string file_name, TekkenFile file);

  std::string file_name_; // quoted, for messages
  int32_t vocab_size_;
  int32_t num_special_tokens_;
  PreTokenizer pre_tokenizer_;
  BytePairEncoder encoder_;
  std::map<std::string, int32_t, std::less<>> special_ids_;
  std::map<std::string, int32_t, std::less<>> voice_num_audio_tokens_;
};

} // namespace voxtral_tts::text
