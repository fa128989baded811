// Tensors made of numbers: constant, counting, triangular and random ones.
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include "interpreter/node_helpers.h"

namespace voxtral_tts::mlx_delegate {
namespace {

// A conversion out of int64's range is undefined in C++.
int64_t to_int64(double value) {
  constexpr double kLimit = 9223372036854775808.0; // 2^63
  if (std::isnan(value)) {
    return 0;
  }
  if (value >= kLimit) {
    return std::numeric_limits<int64_t>::max();
  }
  return value < -kLimit ? std::numeric_limits<int64_t>::min()
                         : static_cast<int64_t>(value);
}

} // namespace

mx::array scalar_array(double value, mx::Dtype dtype) {
  if (dtype == mx::bool_) {
    return mx::array(value != 0);
  }
  return mx::issubdtype(dtype, mx::integer) ? mx::array(to_int64(value), dtype)
                                            : mx::array(value, dtype);
}

void run(const ARangeNode& node, Slots& slots) {
  const int64_t step = slots.integer(node.step);
  if (step == 0) {
    throw std::invalid_argument("arange with a step of 0");
  }
  slots.set(
      node.out,
      mx::arange(
          static_cast<double>(slots.integer(node.start)),
          static_cast<double>(slots.integer(node.stop)),
          static_cast<double>(step),
          node.scalar_type ? dtype_of(*node.scalar_type) : mx::int64,
          slots.stream()));
}

void run(const FullNode& node, Slots& slots) {
  const mx::array value =
      scalar_array(slots.real(node.v), dtype_of(node.scalar_type));
  slots.set(node.out, mx::full(slots.shape(node.shape), value, slots.stream()));
}

void run(const FullLikeNode& node, Slots& slots) {
  const mx::array& x = slots.tensor(node.x);
  const mx::Dtype dtype =
      node.scalar_type ? dtype_of(*node.scalar_type) : x.dtype();
  slots.set(
      node.out,
      mx::full(
          x.shape(), scalar_array(slots.real(node.v), dtype), slots.stream()));
}

void run(const TriNode& node, Slots& slots) {
  slots.set(
      node.out,
      mx::tri(
          slots.integer32(node.n),
          slots.integer32(node.m),
          node.k,
          dtype_of(node.scalar_type),
          slots.stream()));
}

void run(const TrilNode& node, Slots& slots) {
  slots.set(node.out, mx::tril(slots.tensor(node.x), node.k, slots.stream()));
}

void run(const TriuNode& node, Slots& slots) {
  slots.set(node.out, mx::triu(slots.tensor(node.x), node.k, slots.stream()));
}

namespace {

// MLX's own sequence of keys would run on the thread's default stream.
mx::array next_key() {
  static thread_local std::mt19937_64 sequence(
      (static_cast<uint64_t>(std::random_device{}()) << 32) |
      std::random_device{}());
  return mx::random::key(sequence());
}

} // namespace

void run(const RandomBitsNode& node, Slots& slots) {
  const mx::array key =
      node.seed
          ? mx::random::key(
                static_cast<uint64_t>(slots.integer(IntOrVid{0, node.seed})))
          : next_key();
  slots.set(
      node.out,
      mx::random::bits(
          slots.shape(node.shape), node.width, key, slots.stream()));
}

} // namespace voxtral_tts::mlx_delegate
