#include "engine/load.h"

#include <string>
#include <utility>

#include "engine/model_fingerprint.h"
#include "model/integrity.h"
#include "model/pte_codec_model.h"
#include "model/pte_speech_model.h"
#include "support/cache_folder.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/log.h"

namespace voxtral_tts {
namespace {

std::filesystem::path beside(
    const std::filesystem::path& file, const char* name) {
  return file.parent_path() / name;
}

std::filesystem::path tokenizer_file(
    const std::filesystem::path& model, const LoadOptions& options) {
  return options.tokenizer.empty() ? beside(model, "tekken.json")
                                   : options.tokenizer;
}

// Empty when there is none.
std::filesystem::path cache_folder(const LoadOptions& options) {
  return options.cache_dir.empty() ? support::default_cache_folder()
                                   : options.cache_dir;
}

// The program file, once it is what was exported.
const std::filesystem::path& checked(
    const std::filesystem::path& program, const LoadOptions& options) {
  model::check_integrity(program, options.verify, cache_folder(options));
  return program;
}

// Where voices are kept on disk; nothing when they are not.
std::optional<prompt::PrefixFiles> prefix_files(
    const std::filesystem::path& model,
    const model::SpeechModel& program,
    const LoadOptions& options) {
  if (options.voice_cache != VoiceCache::kDisk ||
      program.kv_buffers().empty()) {
    return std::nullopt;
  }
  const std::filesystem::path folder = cache_folder(options);
  if (folder.empty()) {
    log_debug(
        "voice cache: not on disk: neither VOXTRAL_TTS_CACHE, XDG_CACHE_HOME "
        "nor HOME names a folder");
    return std::nullopt;
  }
  const auto fingerprint = engine::model_fingerprint(model);
  if (!fingerprint) {
    return std::nullopt;
  }
  return prompt::PrefixFiles(folder, *fingerprint, program.kv_buffers());
}

void check_codec(
    model::CommonInfo info,
    const model::CommonInfo& models,
    const std::filesystem::path& codec) {
  const auto mismatch = [&](const std::string& what) {
    throw Error(
        ErrorClass::kModelMismatch,
        codec.string() + ": " + what + "; use the two files of one export");
  };
  const int64_t id = std::exchange(info.codebook_id, models.codebook_id);
  if (!(info == models)) {
    mismatch("rate, frame size or codebooks differ from the model's");
  }
  if (id != models.codebook_id) {
    mismatch(
        "is of another checkpoint: codebook_id " + std::to_string(id) +
        ", the model's is " + std::to_string(models.codebook_id));
  }
}

void check_tokenizer(
    const text::TekkenTokenizer& tokenizer,
    const model::SpeechModelInfo& info,
    const std::filesystem::path& file) {
  const auto mismatch = [&](const std::string& what) {
    throw Error(
        ErrorClass::kModelMismatch,
        file.string() + ": " + what +
            "; use the tekken.json of the model's export");
  };
  if (tokenizer.vocab_size() != info.vocab_size) {
    mismatch(
        "has " + std::to_string(tokenizer.vocab_size()) +
        " tokens, the model " + std::to_string(info.vocab_size));
  }
  const std::pair<const char*, int64_t> tokens[] = {
      {"<s>", info.bos_id},
      {"[BEGIN_AUDIO]", info.begin_audio_id},
      {"[AUDIO]", info.audio_id},
      {"[NEXT_AUDIO_TEXT]", info.text_to_audio_id},
      {"[REPEAT_AUDIO_TEXT]", info.audio_to_text_id}};
  for (const auto& [name, id] : tokens) {
    if (tokenizer.special_id(name) != id) {
      mismatch(
          std::string(name) + " is " +
          std::to_string(tokenizer.special_id(name)) + ", the model's is " +
          std::to_string(id));
    }
  }
}

} // namespace

std::filesystem::path default_voices_folder(
    const std::filesystem::path& model,
    const std::filesystem::path& tokenizer) {
  const auto& anchor = tokenizer.empty() ? model : tokenizer;
  const auto preferred = beside(anchor, "voice_embedding");
  std::error_code ignored;
  const auto other = beside(anchor, "voices");
  return !std::filesystem::is_directory(preferred, ignored) &&
                 std::filesystem::is_directory(other, ignored)
             ? other
             : preferred;
}

std::unique_ptr<Runner::Impl> engine::load(
    const std::filesystem::path& model,
    const std::filesystem::path& codec,
    const LoadOptions& options) {
  auto speech_model = std::make_unique<model::PteSpeechModel>(
      checked(model, options), options.device);
  auto codec_model = std::make_unique<model::PteCodecModel>(
      checked(codec, options), options.device);
  const std::filesystem::path tekken = tokenizer_file(model, options);
  text::TekkenTokenizer tokenizer = text::TekkenTokenizer::load(tekken);
  const model::SpeechModelInfo& info = speech_model->info();
  check_codec(codec_model->info().common, info.common, codec);
  check_tokenizer(tokenizer, info, tekken);
  auto files = prefix_files(model, *speech_model, options);
  return std::make_unique<Runner::Impl>(
      std::move(speech_model),
      std::move(codec_model),
      std::move(tokenizer),
      options.voices.empty() ? default_voices_folder(model, options.tokenizer)
                             : options.voices,
      prompt::PrefixLimits{
          .reuse = options.voice_cache != VoiceCache::kOff,
          .in_memory = static_cast<size_t>(options.voices_in_memory)},
      std::move(files));
}

} // namespace voxtral_tts
