// Random numbers that are the same on every platform and in every build:
// std::*_distribution is left to the implementation, these streams are not.
//
//   state     one splitmix64 output of the seed, replaced when it is 0
//   integers  xorshift64* (Vigna 2016, "An experimental exploration of
//             Marsaglia's xorshift generators, scrambled")
//   uniform   the centre of one of 2^53 equal cells of (0, 1)
#pragma once

#include <cstdint>
#include <optional>

namespace voxtral_tts::support {

class Rng {
 public:
  explicit Rng(uint64_t seed);

  uint64_t next_u64();

  // ((next_u64() >> 11) + 0.5) * 2^-53; the topmost cell's centre is not a
  // double and becomes 1 - 2^-53, so that 0 < uniform() < 1 always holds.
  double uniform();

 private:
  uint64_t state_;
};

// Standard normal deviates by the Box-Muller transform in double precision.
// Each pair of uniforms u1, u2 gives sqrt(-2 ln u1) times first cos(2 pi u2),
// then sin(2 pi u2).
class NormalStream {
 public:
  explicit NormalStream(uint64_t seed);

  float next();

 private:
  Rng rng_;
  std::optional<float> second_; // the sine half of the last pair
};

// Standard Gumbel deviates -ln(-ln u). The argmax of logits / temperature +
// Gumbel noise is a draw from their softmax. Uses another stream than
// NormalStream does for the same seed.
class GumbelStream {
 public:
  explicit GumbelStream(uint64_t seed);

  float next();

 private:
  Rng rng_;
};

} // namespace voxtral_tts::support
