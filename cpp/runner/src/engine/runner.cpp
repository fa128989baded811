#include "voxtral_tts/runner.h"

#include <algorithm>
#include <utility>

#include "engine/load.h"
#include "engine/runner_impl.h"
#include "engine/speech_stream_impl.h"
#include "model/mlx_library.h"
#include "model/runtime.h"
#include "support/stopwatch.h"
#include "voxtral_tts/error.h"
#include "voxtral_tts/voice.h"

namespace voxtral_tts {
namespace {

constexpr const char* kPreferredVoice = "neutral_female";
constexpr int kMaxThreads = 1024;
constexpr int kMaxVoicesInMemory = 1024;

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

std::string load_mlx() {
  return model::load_mlx_backend();
}

Runner::Impl::Impl(
    std::unique_ptr<model::SpeechModel> speech,
    std::unique_ptr<model::CodecModel> codec,
    text::TekkenTokenizer tekken,
    std::filesystem::path voices,
    const prompt::PrefixLimits& limits,
    std::optional<prompt::PrefixFiles> files)
    : speech_model(std::move(speech)),
      prefixes(*speech_model, limits, std::move(files)),
      codec_model(std::move(codec)),
      tokenizer(std::move(tekken)),
      voices_folder(std::move(voices)) {
}

Runner::Impl::~Impl() {
  prefixes.settle();
}

void Runner::Impl::warm_up() {
  const model::SpeechModelInfo& info = speech_model->info();
  prefixes.forget(); // the step below writes row 0
  std::vector<float> row(static_cast<size_t>(info.dim));
  const int32_t bos = static_cast<int32_t>(info.bos_id);
  speech_model->embed_text(std::span(&bos, 1), row);
  const std::vector<float> flow(
      static_cast<size_t>(info.common.n_codebooks - 1));
  const std::vector<float> semantic(static_cast<size_t>(info.semantic_vocab));
  speech_model->step(
      row, 0, {flow, semantic}, static_cast<float>(info.cfg_alpha));
  const std::vector<int64_t> codes(
      static_cast<size_t>(info.common.n_codebooks),
      info.common.n_special_codes);
  codec_model->decode(codes, 0);
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
      engine::load(model, codec, options).release(),
      [process = ::getpid()](Impl* impl) {
        if (process == ::getpid()) {
          delete impl;
        }
      });
  if (options.warm_up) {
    impl_->warm_up();
  }
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
  return static_cast<int>(impl_->speech_model->info().common.sample_rate);
}

int Runner::samples_per_frame() const noexcept {
  return static_cast<int>(impl_->speech_model->info().common.samples_per_frame);
}

int Runner::n_codebooks() const noexcept {
  return static_cast<int>(impl_->speech_model->info().common.n_codebooks);
}

const LoadStats& Runner::load_stats() const noexcept {
  return impl_->load_stats;
}

} // namespace voxtral_tts
