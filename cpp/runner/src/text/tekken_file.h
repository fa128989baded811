// The content of a tekken.json file, checked but not yet made searchable.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "text/byte_pair_encoder.h"

namespace voxtral_tts::text {

struct TekkenFile {
  std::string pattern;            // regular expression of the pieces
  int32_t vocab_size = 0;         // all token ids are below
  int32_t num_special_tokens = 0; // ids below are special; < vocab_size
  TokenList tokens; // by rank; vocab_size - num_special_tokens of them
  std::map<std::string, int32_t, std::less<>> special_ids; // by name
  // Voice name to rows of its embedding; empty when the file has no list.
  std::map<std::string, int32_t, std::less<>> voice_num_audio_tokens;
};

// Reads the JSON text of a tekken.json, version 7 or later, as untrusted input
// in one pass. Throws Error{kTokenizer} that says what is wrong and where, not
// in which file. Rows of the vocabulary beyond vocab_size are checked for form
// and dropped, as the reference tokenizer drops them.
TekkenFile parse_tekken(std::string_view json);

} // namespace voxtral_tts::text
