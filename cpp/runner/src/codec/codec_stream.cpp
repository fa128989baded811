#include "codec/codec_stream.h"

#include <algorithm>

#include "audio/pcm.h"

namespace voxtral_tts::codec {

CodecStream::CodecStream(model::CodecModel& model, int chunk_frames)
    : model_(model),
      chunk_frames_(chunk_frames),
      decoded_before_(model.decoded_frames()) {
  const model::CodecInfo& info = model.info();
  const auto largest =
      static_cast<size_t>(info.max_chunk_frames * info.common.n_codebooks);
  pending_.reserve(largest);
  decoded_.reserve(largest);
}

std::optional<DecodedChunk> CodecStream::push(std::span<const int64_t> codes) {
  pending_.insert(pending_.end(), codes.begin(), codes.end());
  if (pending_frames() < chunk_size()) {
    return std::nullopt;
  }
  return decode();
}

std::optional<DecodedChunk> CodecStream::flush() {
  if (pending_.empty()) {
    return std::nullopt;
  }
  return decode();
}

int CodecStream::pending_frames() const {
  return static_cast<int>(
      pending_.size() / static_cast<size_t>(model_.info().common.n_codebooks));
}

int CodecStream::chunk_size() const {
  if (chunk_frames_ > 0) {
    return chunk_frames_;
  }
  const auto& schedule = model_.info().chunk_schedule;
  const auto index =
      std::min(static_cast<size_t>(executes_), schedule.size() - 1);
  return static_cast<int>(schedule[index]);
}

DecodedChunk CodecStream::decode() {
  const int frames = pending_frames();
  decoded_.swap(pending_);
  pending_.clear();
  DecodedChunk chunk{
      model_.decode(decoded_, emitted_frames_),
      decoded_,
      emitted_frames_,
      frames};
  emitted_frames_ += frames;
  ++executes_;
  keep_finite(chunk);
  return chunk;
}

// Frames before the first one that is not finite are audio all the same: the
// codec is causal.
void CodecStream::keep_finite(DecodedChunk& chunk) {
  const model::CommonInfo& common = model_.info().common;
  const auto per_frame = static_cast<size_t>(common.samples_per_frame);
  const auto bad = audio::find_non_finite(chunk.samples);
  if (!bad) {
    return;
  }
  const size_t good_frames = *bad / per_frame;
  try {
    audio::check_finite(
        chunk.samples, chunk.first_frame, static_cast<int>(per_frame));
  } catch (...) {
    if (good_frames == 0) {
      throw;
    }
    fault_ = std::current_exception();
  }
  chunk.samples = chunk.samples.first(good_frames * per_frame);
  chunk.codes =
      chunk.codes.first(good_frames * static_cast<size_t>(common.n_codebooks));
  chunk.frames = static_cast<int>(good_frames);
}

} // namespace voxtral_tts::codec
