// A tekken.json: load, then encode. The line "@" in the input stands for the
// 256 rows that every vocabulary begins with, so that inputs stay short.
#include <string>

#include "fuzz.h"
#include "single_bytes.h"
#include "text/tekken_tokenizer.h"

using namespace voxtral_tts;

namespace {

constexpr std::string_view kText =
    "Hello w\xC3\xB6rld, 1234 na\xC3\xAFve TESTS\r\n\t don't "
    "\xE4\xBD\xA0\xE5\xA5\xBD\xF0\x9F\x99\x82!  [INST]";

std::string expanded(std::string_view input) {
  std::string json(input);
  if (const size_t at = json.find('@'); at != std::string::npos) {
    json.replace(at, 1, fuzz::single_bytes());
  }
  return json;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file =
      fuzz::write_file("tekken.json", expanded(fuzz::text_of(data, size)));
  fuzz::reads(ErrorClass::kTokenizer, [&] {
    const auto tokenizer = text::TekkenTokenizer::load(file);
    fuzz::require(tokenizer.num_special_tokens() >= 1, "special tokens");
    try {
      const auto ids = tokenizer.encode(kText);
      fuzz::require(!ids.empty(), "text has ids");
      for (const int32_t id : ids) {
        fuzz::require(
            id >= tokenizer.num_special_tokens() && id < tokenizer.vocab_size(),
            "ids in range");
      }
    } catch (const Error& error) { // of a pattern that matches not enough
      fuzz::require(
          error.error_class() == ErrorClass::kText ||
              error.error_class() == ErrorClass::kTokenizer,
          "the class of the error");
      fuzz::check_message(error.what());
    }
    tokenizer.special_id("[BEGIN_AUDIO]");
  });
  return 0;
}
