#include "voxtral_tts/runner.h"

#include <algorithm>
#include <utility>

#include "engine/model_fingerprint.h"
#include "engine/runner_impl.h"
#include "engine/speech_stream_impl.h"
#include "model/integrity.h"
#include "model/mlx_library.h"
#include "model/runtime.h"
#include "support/cache_folder.h"
#include "support/stopwatch.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/log.h"
#include "voxtral_tts/voice.h"

namespace voxtral_tts {
namespace {

constexpr const char* kPreferredVoice = "neutral_female";
constexpr int kMaxThreads = 1024;
constexpr int kMaxVoicesInMemory = 1024;

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
    const model::PteSpeechModel& program,
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

void check_range(const char* option, int value, int high, const char* zero) {
  if (value < 0 || value > high) {
    throw Error(
        ErrorClass::kUsage,
        std::string(option) + " " + std::to_string(value) +
            ": must be between 1 and " + std::to_string(high) + ", or 0 for " +
            zero);
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

std::string load_mlx() {
  return model::load_mlx_backend();
}

Runner::Impl::Impl(
    const std::filesystem::path& model,
    const std::filesystem::path& codec,
    const LoadOptions& options)
    : speech_model(checked(model, options), options.device),
      prefixes(
          speech_model,
          {.reuse = options.voice_cache != VoiceCache::kOff,
           .in_memory = static_cast<size_t>(options.voices_in_memory)},
          prefix_files(model, speech_model, options)),
      codec_model(checked(codec, options), options.device),
      tokenizer(text::TekkenTokenizer::load(tokenizer_file(model, options))),
      voices_folder(
          options.voices.empty()
              ? default_voices_folder(model, options.tokenizer)
              : options.voices) {
  check_codec(codec);
  check_tokenizer(tokenizer_file(model, options));
  if (options.warm_up) {
    warm_up();
  }
}

Runner::Impl::~Impl() {
  prefixes.settle();
}

void Runner::Impl::check_codec(const std::filesystem::path& codec) const {
  model::CommonInfo info = codec_model.info().common;
  const model::CommonInfo& models = speech_model.info().common;
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

void Runner::Impl::check_tokenizer(const std::filesystem::path& file) const {
  const model::SpeechModelInfo& info = speech_model.info();
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

void Runner::Impl::warm_up() {
  const model::SpeechModelInfo& info = speech_model.info();
  prefixes.forget(); // the step below writes row 0
  std::vector<float> row(static_cast<size_t>(info.dim));
  const int32_t bos = static_cast<int32_t>(info.bos_id);
  speech_model.embed_text(std::span(&bos, 1), row);
  const std::vector<float> flow(
      static_cast<size_t>(info.common.n_codebooks - 1));
  const std::vector<float> semantic(static_cast<size_t>(info.semantic_vocab));
  speech_model.step(
      row, 0, {flow, semantic}, static_cast<float>(info.cfg_alpha));
  const std::vector<int64_t> codes(
      static_cast<size_t>(info.common.n_codebooks),
      info.common.n_special_codes);
  codec_model.decode(codes, 0);
}

std::string Runner::Impl::voice_or_default(const std::string& name) const {
  if (!name.empty()) {
    return name;
  }
  const auto names = list_voices(voices_folder);
  if (names.empty()) {
    throw Error(
        ErrorClass::kVoice,
        voices_folder.string() + ": no voices (.pt or .safetensors)");
  }
  const bool preferred =
      std::find(names.begin(), names.end(), kPreferredVoice) != names.end();
  return preferred ? kPreferredVoice : names.front();
}

Lease::Lease(std::shared_ptr<Runner::Impl> runner)
    : runner_(std::move(runner)) {
  check_process();
  if (runner_->busy.exchange(true)) {
    throw Error(
        ErrorClass::kBusy,
        "this runner is speaking already: finish or close that stream first, "
        "or use one runner per utterance at a time");
  }
}

Lease::~Lease() {
  runner_->busy = false;
}

void Lease::check_process() const {
  if (runner_->process != ::getpid()) {
    throw Error(
        ErrorClass::kUsage,
        "this runner was loaded by process " +
            std::to_string(runner_->process) +
            " and cannot be used in one forked from it; start processes afresh "
            "(in Python: multiprocessing's 'spawn') and load one in each");
  }
}

Runner::Runner(
    const std::filesystem::path& model,
    const std::filesystem::path& codec,
    const LoadOptions& options) {
  const support::Stopwatch watch;
  check_range("num_threads", options.num_threads, kMaxThreads, "all CPUs");
  check_range(
      "voices_in_memory",
      options.voices_in_memory,
      kMaxVoicesInMemory,
      "the last one only");
  model::prepare_runtime(options.num_threads);
  // In a forked process it stays: its locks may be held by threads that are
  // not there.
  impl_ = std::shared_ptr<Impl>(
      new Impl(model, codec, options), [process = ::getpid()](Impl* impl) {
        if (process == ::getpid()) {
          delete impl;
        }
      });
  impl_->load_stats.load_ms = watch.elapsed_ms();
}

Runner::Runner(Runner&&) noexcept = default;
Runner& Runner::operator=(Runner&&) noexcept = default;
Runner::~Runner() = default;

SpeechStream Runner::stream(
    std::string_view text, const SynthesisOptions& options) {
  return SpeechStream(
      std::make_unique<SpeechStream::Impl>(
          std::make_unique<Lease>(impl_), text, options));
}

Audio Runner::synthesize(
    std::string_view text, const SynthesisOptions& options) {
  SpeechStream pulled = stream(text, options);
  Audio audio;
  audio.sample_rate_hz = sample_rate_hz();
  while (auto chunk = pulled.next()) {
    audio.samples.insert(
        audio.samples.end(), chunk->samples.begin(), chunk->samples.end());
    audio.codes.insert(
        audio.codes.end(), chunk->codes.begin(), chunk->codes.end());
  }
  audio.stats = pulled.stats();
  return audio;
}

std::vector<std::string> Runner::voices() const {
  return list_voices(impl_->voices_folder);
}

std::string Runner::default_voice() const {
  return impl_->voice_or_default({});
}

int Runner::sample_rate_hz() const noexcept {
  return static_cast<int>(impl_->speech_model.info().common.sample_rate);
}

int Runner::samples_per_frame() const noexcept {
  return static_cast<int>(impl_->speech_model.info().common.samples_per_frame);
}

int Runner::n_codebooks() const noexcept {
  return static_cast<int>(impl_->speech_model.info().common.n_codebooks);
}

const LoadStats& Runner::load_stats() const noexcept {
  return impl_->load_stats;
}

} // namespace voxtral_tts
