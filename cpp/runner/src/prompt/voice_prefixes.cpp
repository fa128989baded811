#include "prompt/voice_prefixes.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>
#include <utility>

#include "voxtral_tts/log.h"

namespace voxtral_tts::prompt {

VoicePrefixes::VoicePrefixes(
    model::SpeechModel& model,
    const PrefixLimits& limits,
    std::optional<PrefixFiles> files)
    : model_(model), limits_(limits) {
  if (limits_.reuse && !model_.kv_buffers().empty()) {
    files_ = std::move(files);
  }
}

ProvidedPrefix VoicePrefixes::provide(
    std::span<const float> prefix, const model::Look& look) {
  const size_t rows = prefix.size() / static_cast<size_t>(model_.info().dim);
  ProvidedPrefix provided;
  provided.rows = static_cast<int64_t>(rows);
  if (!limits_.reuse) {
    provided.executes = compute(prefix, look);
    return provided;
  }
  const Prefix wanted{support::hash_of(std::as_bytes(prefix)), rows};
  if (in_place_ && in_place_->voice == wanted.voice) {
    provided.source = PrefixSource::kKept;
    return provided;
  }
  stash();
  in_place_.reset(); // from here on rows may be overwritten
  if (const auto copy = find(wanted.voice); copy != copies_.end()) {
    copies_.splice(copies_.begin(), copies_, copy);
    copy_in(*copy);
    provided.source = PrefixSource::kMemory;
  } else if (load(wanted)) {
    provided.source = PrefixSource::kDisk;
  } else {
    provided.executes = compute(prefix, look);
    in_place_ = wanted;
  }
  trim();
  return provided;
}

int64_t VoicePrefixes::compute(
    std::span<const float> prefix, const model::Look& look) {
  const model::SpeechModelInfo& info = model_.info();
  // The codes of these steps do not count, so neither does the noise.
  const std::vector<float> flow(
      static_cast<size_t>(info.common.n_codebooks - 1));
  const std::vector<float> semantic(static_cast<size_t>(info.semantic_vocab));
  return model::step_rows(
             model_,
             prefix,
             0,
             {flow, semantic},
             static_cast<float>(info.cfg_alpha),
             look)
      .executes;
}

// Straight into the KV cache: what a damaged file leaves there is computed
// over.
bool VoicePrefixes::load(const Prefix& wanted) {
  if (!files_ || !files_->read(wanted.voice, wanted.rows, rows(wanted.rows))) {
    return false;
  }
  in_place_ = wanted;
  in_place_->settled = true;
  return true;
}

void VoicePrefixes::copy_in(const Copy& copy) {
  support::Bytes bytes = copy.bytes;
  for (const std::span<std::byte> part : rows(copy.prefix.rows)) {
    std::memcpy(part.data(), bytes.data(), part.size());
    bytes = bytes.subspan(part.size());
  }
  in_place_ = copy.prefix;
}

// Copies the last voice's rows before another's take their place: who speaks
// with one voice only never pays for a copy.
void VoicePrefixes::stash() noexcept {
  if (!in_place_ || limits_.in_memory == 0 || model_.kv_buffers().empty()) {
    return;
  }
  try {
    const auto known = find(in_place_->voice);
    if (known != copies_.end()) {
      copies_.splice(copies_.begin(), copies_, known);
      return;
    }
    Copy copy{*in_place_, {}};
    size_t size = 0;
    const auto parts = rows(in_place_->rows);
    for (const support::Bytes part : parts) {
      size += part.size();
    }
    copy.bytes.reserve(size);
    for (const support::Bytes part : parts) {
      copy.bytes.insert(copy.bytes.end(), part.begin(), part.end());
    }
    copies_.push_front(std::move(copy));
  } catch (const std::bad_alloc&) {
    log_debug("voice cache: no memory for a copy");
  }
}

// The copy that is needed least is that of the voice in place.
void VoicePrefixes::trim() {
  while (copies_.size() > limits_.in_memory) {
    const auto in_place = find(in_place_->voice);
    copies_.erase(
        in_place != copies_.end() ? in_place : std::prev(copies_.end()));
  }
}

void VoicePrefixes::settle() noexcept {
  if (!files_) {
    return;
  }
  try {
    if (in_place_ && !in_place_->settled) {
      in_place_->settled = true; // one attempt, whatever comes of it
      const auto parts = rows(in_place_->rows);
      const std::vector<support::Bytes> bytes(parts.begin(), parts.end());
      files_->write(in_place_->voice, in_place_->rows, bytes);
      if (const auto copy = find(in_place_->voice); copy != copies_.end()) {
        copy->prefix.settled = true;
      }
    }
    for (Copy& copy : copies_) {
      if (!copy.prefix.settled) {
        copy.prefix.settled = true;
        const support::Bytes bytes = copy.bytes;
        files_->write(
            copy.prefix.voice, copy.prefix.rows, std::span(&bytes, 1));
      }
    }
  } catch (const std::bad_alloc&) {
    log_debug("voice cache: no memory to write with");
  }
}

void VoicePrefixes::forget() noexcept {
  if (!in_place_) {
    return;
  }
  if (const auto copy = find(in_place_->voice); copy != copies_.end()) {
    copies_.erase(copy);
  }
  if (files_ && in_place_->settled) {
    files_->remove(in_place_->voice, in_place_->rows);
  }
  in_place_.reset();
}

std::vector<std::span<std::byte>> VoicePrefixes::rows(size_t count) const {
  std::vector<std::span<std::byte>> parts;
  for (const model::KvBuffer& buffer : model_.kv_buffers()) {
    parts.push_back(buffer.rows(count));
  }
  return parts;
}

std::list<VoicePrefixes::Copy>::iterator VoicePrefixes::find(
    const support::Hash128& voice) {
  return std::ranges::find_if(
      copies_, [&](const Copy& copy) { return copy.prefix.voice == voice; });
}

} // namespace voxtral_tts::prompt
