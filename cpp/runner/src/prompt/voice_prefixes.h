// First sound sooner: the rows of the KV cache that depend on the voice alone
// are computed once per voice, not once per utterance.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <vector>

#include "model/speech_model.h"
#include "model/step_rows.h"
#include "prompt/prefix_files.h"
#include "support/hash.h"
#include "voxtral_tts/stats.h"

namespace voxtral_tts::prompt {

struct PrefixLimits {
  bool reuse = true;    // false: every utterance computes its own
  size_t in_memory = 4; // copies of rows, for voices that are not in place
  bool operator==(const PrefixLimits&) const = default;
};

// What provide() did.
struct ProvidedPrefix {
  PrefixSource source = PrefixSource::kComputed;
  int64_t rows = 0;     // of the voice, now in the KV cache
  int64_t executes = 0; // calls of step
};

// Knows whose rows [0, n) lie in the model's KV cache: the last voice's stay
// where they are, others are copied in from memory or from a file where the
// host reaches the cache. Computed rows come from the same steps always, so
// samples do not depend on where rows came from.
//
// Borrows the model; every other step at a position below n has to be told by
// forget(). Used by one thread at a time.
class VoicePrefixes {
 public:
  // Without `files` nothing is read from or written to disk.
  VoicePrefixes(
      model::SpeechModel& model,
      const PrefixLimits& limits,
      std::optional<PrefixFiles> files);

  // Afterwards rows [0, n) of the KV cache are those of `prefix` [n * dim],
  // SpeechPrompt::voice. Throws what step() throws, and `look` before a piece;
  // nothing is known then.
  ProvidedPrefix provide(
      std::span<const float> prefix, const model::Look& look = {});

  // Writes what is not on disk yet. Takes as long as the disk does, so it is
  // for the time after the sound.
  void settle() noexcept;

  // Whatever is in the KV cache is not to be used again, nor are its copies:
  // for an utterance that failed.
  void forget() noexcept;

 private:
  struct Prefix {
    support::Hash128 voice; // hash of the prefix' values
    size_t rows = 0;
    bool settled = false; // on disk, as far as it can be
  };
  struct Copy {
    Prefix prefix;
    std::vector<std::byte> bytes; // the rows of each buffer, one after another
  };

  int64_t compute(std::span<const float> prefix, const model::Look& look);
  bool load(const Prefix& wanted);
  void copy_in(const Copy& copy);
  void stash() noexcept;
  void trim();
  std::vector<std::span<std::byte>> rows(size_t count) const;
  std::list<Copy>::iterator find(const support::Hash128& voice);

  model::SpeechModel& model_;
  PrefixLimits limits_;
  std::optional<PrefixFiles> files_;
  std::optional<Prefix> in_place_; // whose rows are in the KV cache
  std::list<Copy> copies_;         // last used first
};

} // namespace voxtral_tts::prompt
