#include "voxtral_tts/speech_stream.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/check_request.h"
#include "engine/speech_stream_impl.h"
#include "prompt/speech_prompt.h"
#include "prompt/voice_blend.h"
#include "support/stopwatch.h"
#include "text/silent.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts {
namespace {

using Span = engine::SpanRecorder::Span;

// Thrown to leave the prefill; never leaves next().
struct Cancelled {};

// Spans before the first frame and after the last one, rounded up.
constexpr size_t kSpansBesidesFrames = 8;

} // namespace

SpeechStream::Impl::Impl(
    std::unique_ptr<Lease> lease,
    std::string_view text,
    const SynthesisOptions& options)
    : lease_(std::move(lease)) {
  const support::AddElapsed elapsed(stats.wall_ms);
  start(text, options);
}

SpeechStream::Impl::~Impl() {
  settle();
}

void SpeechStream::Impl::start(
    std::string_view given, const SynthesisOptions& options) {
  const std::string_view text = text::without_byte_order_mark(given);
  Runner::Impl& runner = lease_->runner();
  const model::SpeechModelInfo& info = runner.speech_model->info();
  engine::check_options(
      options, runner.codec_model->info().max_chunk_frames, info.flow_steps);
  engine::check_text(text, info.max_seq_len);
  if (options.record_trace) {
    // A step and a run of the codec per frame at most, and no more than fit.
    const int64_t frames = std::min<int64_t>(
        options.max_frames.value_or(info.max_frames), info.max_seq_len);
    recorder.start(2 * static_cast<size_t>(frames) + kSpansBesidesFrames);
  }
  const prompt::VoiceEmbedding voice = [&] {
    const Span span(recorder, "voice");
    return prompt::load_voice(
        runner.voices_folder,
        runner.voice_or_default(options.voice),
        static_cast<int>(info.dim),
        static_cast<int>(info.max_seq_len));
  }();
  const std::vector<int32_t> ids = [&] {
    const Span span(recorder, "tokenise");
    return runner.tokenizer.encode(text);
  }();
  const int64_t rows = prompt::prompt_rows(ids.size(), voice.rows);
  engine::check_fits(rows, ids.size(), voice, info.max_seq_len);
  stats.prompt_tokens = static_cast<int>(rows);
  stats.voice_rows = voice.rows;
  stats.backend = runner.speech_model->backend();

  // Frame 0 needs no row of its own: it comes from the prompt's last one.
  const int64_t room = info.max_seq_len - rows + 1;
  const int64_t wanted =
      options.max_frames ? *options.max_frames : info.max_frames;
  max_frames = std::min(wanted, room);
  user_limit_ = options.max_frames && *options.max_frames <= room;
  prompt::SpeechPrompt prompt = [&] {
    const Span span(recorder, "embed");
    return prompt::make_prompt(*runner.speech_model, ids, voice);
  }();
  voice_ = std::move(prompt.voice);
  generator_.emplace(
      *runner.speech_model,
      static_cast<int64_t>(voice_.size()) / info.dim,
      std::move(prompt.text),
      generate::FrameOptions{
          options.seed,
          options.temperature,
          options.cfg_alpha.value_or(static_cast<float>(info.cfg_alpha)),
          max_frames});
  codec_.emplace(*runner.codec_model, options.chunk_frames);
}

std::optional<AudioChunk> SpeechStream::Impl::next() {
  if (!lease_) {
    settle();
    return std::nullopt;
  }
  lease_->check_process();
  try {
    if (fault_) {
      std::rethrow_exception(fault_);
    }
    AudioChunk chunk = timed_pull();
    if (chunk.is_final) {
      // A first sound must not wait for the disk either: a later utterance, or
      // the Runner's end, writes then.
      if (chunks_ > 1 && !cancelled) {
        unsettled_ = lease_->share();
      }
      finish();
    }
    return chunk;
  } catch (...) {
    finish();
    throw;
  }
}

AudioChunk SpeechStream::Impl::timed_pull() {
  const support::AddElapsed elapsed(stats.wall_ms);
  return pull();
}

AudioChunk SpeechStream::Impl::pull() {
  const support::Stopwatch since_call;
  std::optional<codec::DecodedChunk> chunk;
  bool is_last = false;
  while (!chunk && !is_last) {
    const auto codes = next_frame();
    is_last = !codes;
    chunk = decode(codes);
  }
  if (chunk && chunks_ == 0) {
    stats.first_audio_ms = stats.wall_ms + since_call.elapsed_ms();
  }
  return emit(chunk, is_last && !fault_);
}

// The chunk that the frame completes; without a frame, what is left. After a
// fault that is what was made before it, or the fault itself.
std::optional<codec::DecodedChunk> SpeechStream::Impl::decode(
    std::optional<std::span<const int64_t>> codes) {
  const bool runs =
      codes ? codec_->completes_chunk() : codec_->pending_frames() > 0;
  std::optional<codec::DecodedChunk> chunk;
  try {
    const support::AddElapsed elapsed(stats.codec_ms);
    std::optional<Span> span;
    if (runs) {
      span.emplace(recorder, "codec", stats.codec_frames);
    }
    chunk = codes ? codec_->push(*codes) : codec_->flush();
  } catch (...) {
    if (!fault_) {
      throw;
    }
  }
  if (!fault_) {
    fault_ = codec_->fault();
  }
  if (fault_ && !chunk) {
    std::rethrow_exception(fault_);
  }
  return chunk;
}

std::optional<std::span<const int64_t>> SpeechStream::Impl::next_frame() {
  const bool first = generator_->executes() == 0;
  const auto counted = count_delegate();
  const support::Stopwatch watch;
  std::optional<std::span<const int64_t>> codes;
  try {
    look();
    codes = generate();
  } catch (const Cancelled&) {
    stats.finish_reason = FinishReason::kCancelled;
    return std::nullopt;
  }
  const double elapsed_ms = watch.elapsed_ms();
  stats.generate_ms += elapsed_ms;
  if (step_times_ms && codes) {
    step_times_ms->push_back(static_cast<float>(elapsed_ms));
  }
  if (first) {
    stats.prefill_ms = elapsed_ms;
  } else if (codes && counted) {
    add_frame(*counted, count_delegate().value_or(*counted));
  }
  if (!codes && !fault_) {
    stats.finish_reason = generator_->saw_end() ? FinishReason::kEndOfAudio
                          : user_limit_         ? FinishReason::kLength
                                                : FinishReason::kFrameBudget;
  }
  return codes;
}

void SpeechStream::Impl::look() {
  is_looking_ = true;
  if (poll) {
    poll();
  }
  if (cancelled) {
    throw Cancelled();
  }
  is_looking_ = false;
}

std::optional<std::span<const int64_t>> SpeechStream::Impl::generate() {
  prompt::VoicePrefixes& prefixes = lease_->runner().prefixes;
  const auto between_pieces = [this] { look(); };
  try {
    if (generator_->executes() == 0) {
      const Span span(recorder, "prefix");
      const prompt::ProvidedPrefix provided =
          prefixes.provide(voice_, between_pieces);
      voice_ = {};
      stats.prefix_source = provided.source;
      stats.prefix_rows = provided.executes > 0 ? 0 : provided.rows;
      stats.step_executes = provided.executes;
    }
    const int64_t executes = generator_->executes();
    Span span(
        recorder, executes == 0 ? "prefill" : "step", generator_->frames());
    const auto codes = generator_->next(between_pieces);
    if (generator_->executes() == executes) {
      span.drop(); // the limit was reached: no step
    }
    return codes;
  } catch (...) {
    if (is_looking_) {
      throw; // the caller stops, nothing failed
    }
    prefixes.forget(); // half-written, or what makes the model fail
    fault_ = std::current_exception();
    return std::nullopt;
  }
}

std::optional<model::MlxCounters> SpeechStream::Impl::count_delegate() const {
  return stats.backend == "mlx" ? model::mlx_counters() : std::nullopt;
}

void SpeechStream::Impl::add_frame(
    const model::MlxCounters& before, const model::MlxCounters& after) {
  counted_.executes += after.executes - before.executes;
  counted_.host_syncs += after.host_syncs - before.host_syncs;
  const double frames = ++counted_frames_;
  stats.executes_per_frame = counted_.executes / frames;
  stats.host_syncs_per_frame = counted_.host_syncs / frames;
}

AudioChunk SpeechStream::Impl::emit(
    const std::optional<codec::DecodedChunk>& chunk, bool final) {
  AudioChunk out;
  out.index = chunks_++;
  out.is_final = final;
  out.first_frame = stats.codec_frames;
  if (chunk) {
    out.samples.assign(chunk->samples.begin(), chunk->samples.end());
    out.codes.assign(chunk->codes.begin(), chunk->codes.end());
    out.frames = chunk->frames;
    stats.codec_frames += chunk->frames;
  }
  for (const float sample : out.samples) {
    const float magnitude = std::fabs(sample);
    stats.peak = std::max(stats.peak, magnitude);
    stats.clipped_samples += magnitude > 1.0f ? 1 : 0;
  }
  return out;
}

// Whoever has the runner meanwhile does it instead.
void SpeechStream::Impl::settle() noexcept {
  const auto runner = std::exchange(unsettled_, nullptr);
  if (!runner || runner->process != ::getpid() || runner->busy.exchange(true)) {
    return;
  }
  {
    const Span span(recorder, "settle");
    runner->prefixes.settle();
  }
  runner->busy = false;
}

void SpeechStream::Impl::finish() {
  const model::CommonInfo& common =
      lease_->runner().speech_model->info().common;
  stats.decoded_frames = codec_->decoded_frames();
  stats.step_executes += generator_->executes();
  stats.codec_executes = codec_->executes();
  stats.audio_seconds =
      static_cast<double>(stats.codec_frames * common.samples_per_frame) /
      static_cast<double>(common.sample_rate);
  if (stats.audio_seconds > 0) {
    const double audio_ms = stats.audio_seconds * 1000;
    stats.rtf = stats.wall_ms / audio_ms;
    stats.generation_rtf = (stats.wall_ms - stats.codec_ms) / audio_ms;
  }
  generator_.reset();
  codec_.reset();
  lease_.reset();
}

SpeechStream::SpeechStream(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {
}
SpeechStream::SpeechStream(SpeechStream&&) noexcept = default;
SpeechStream& SpeechStream::operator=(SpeechStream&&) noexcept = default;
SpeechStream::~SpeechStream() = default;

std::optional<AudioChunk> SpeechStream::next() {
  return impl_->next();
}

void SpeechStream::cancel() noexcept {
  impl_->cancelled = true;
}

void SpeechStream::record_step_times() {
  impl_->step_times_ms.emplace();
  impl_->step_times_ms->reserve(static_cast<size_t>(impl_->max_frames));
}

const std::vector<float>& SpeechStream::step_times_ms() const noexcept {
  static const std::vector<float> none;
  return impl_->step_times_ms ? *impl_->step_times_ms : none;
}

const std::vector<TraceSpan>& SpeechStream::trace() const noexcept {
  return impl_->recorder.spans();
}

void SpeechStream::set_poll(std::function<void()> poll) {
  impl_->poll = std::move(poll);
}

const SynthesisStats& SpeechStream::stats() const noexcept {
  return impl_->stats;
}

int SpeechStream::max_frames() const noexcept {
  return static_cast<int>(impl_->max_frames);
}

} // namespace voxtral_tts
