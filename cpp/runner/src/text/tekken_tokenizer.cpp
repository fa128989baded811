#include "text/tekken_tokenizer.h"

#include <cerrno>
#include <cstddef>
#include <utility>

#include "support/checked.h"
#include "support/files.h"
#include "text/tekken_file.h"
#include "text/utf8.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::text {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{256} << 20;

std::vector<std::byte> read(const std::filesystem::path& tekken_json) {
  try {
    return support::read_file(
        tekken_json, kMaxFileBytes, ErrorClass::kTokenizer);
  } catch (const Error& error) {
    if (error.system_errno() != ENOENT) {
      throw;
    }
    throw Error(
        error.error_class(),
        std::string(error.what()) +
            "; copy tekken.json there from where it was exported",
        ENOENT);
  }
}

} // namespace

TekkenTokenizer TekkenTokenizer::load(
    const std::filesystem::path& tekken_json) {
  const std::vector<std::byte> content = read(tekken_json);
  const std::string file_name = support::in_quotes(tekken_json.native());
  try {
    return TekkenTokenizer(file_name, parse_tekken(support::as_text(content)));
  } catch (const Error& error) {
    throw Error(error.error_class(), file_name + ": " + error.what());
  }
}

TekkenTokenizer::TekkenTokenizer(std::string file_name, TekkenFile file)
    : file_name_(std::move(file_name)),
      vocab_size_(file.vocab_size),
      num_special_tokens_(file.num_special_tokens),
      pre_tokenizer_(file.pattern),
      encoder_(std::move(file.tokens)),
      special_ids_(std::move(file.special_ids)),
      voice_num_audio_tokens_(std::move(file.voice_num_audio_tokens)) {
}

std::vector<int32_t> TekkenTokenizer::encode(std::string_view text) const {
  validate_utf8(text);
  std::vector<int32_t> ids;
  for (const std::string_view piece : pre_tokenizer_.split(text)) {
    encoder_.encode(piece, ids);
  }
  for (int32_t& id : ids) {
    id += num_special_tokens_;
  }
  return ids;
}

int32_t TekkenTokenizer::special_id(std::string_view name) const {
  const auto found = special_ids_.find(name);
  if (found == special_ids_.end()) {
    throw Error(
        ErrorClass::kTokenizer,
        file_name_ + ": has no special token " + support::in_quotes(name) +
            "; use the tekken.json that belongs to the model");
  }
  return found->second;
}

} // namespace voxtral_tts::text
