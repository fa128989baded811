#include "support/rng.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace voxtral_tts::support {
namespace {

constexpr uint64_t kGoldenGamma = 0x9E3779B97F4A7C15;
constexpr uint64_t kGumbelSeedMask = 0xA5A5A5A55A5A5A5A;

// Spreads neighbouring seeds over all states.
uint64_t splitmix64(uint64_t seed) {
  uint64_t z = seed + kGoldenGamma;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

} // namespace

Rng::Rng(uint64_t seed) : state_(splitmix64(seed)) {
  if (state_ == 0) { // the one state that xorshift never leaves
    state_ = kGoldenGamma;
  }
}

uint64_t Rng::next_u64() {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return state_ * 0x2545F4914F6CDD1D;
}

double Rng::uniform() {
  const double cell = static_cast<double>(next_u64() >> 11);
  return std::min((cell + 0.5) * 0x1p-53, 1.0 - 0x1p-53);
}

NormalStream::NormalStream(uint64_t seed) : rng_(seed) {
}

float NormalStream::next() {
  if (second_.has_value()) {
    const float value = *second_;
    second_.reset();
    return value;
  }
  const double u1 = rng_.uniform();
  const double u2 = rng_.uniform();
  const double radius = std::sqrt(-2.0 * std::log(u1));
  const double angle = 2.0 * std::numbers::pi * u2;
  second_ = static_cast<float>(radius * std::sin(angle));
  return static_cast<float>(radius * std::cos(angle));
}

GumbelStream::GumbelStream(uint64_t seed) : rng_(seed ^ kGumbelSeedMask) {
}

float GumbelStream::next() {
  return static_cast<float>(-std::log(-std::log(rng_.uniform())));
}

} // namespace voxtral_tts::support
