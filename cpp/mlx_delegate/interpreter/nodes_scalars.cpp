// Integers on the host: sizes and positions.
#include <limits>
#include <stdexcept>
#include <string>

#include "interpreter/node_helpers.h"

namespace voxtral_tts::mlx_delegate {
namespace {

int64_t first_element(const mx::array& x) {
  switch (x.dtype().val()) {
    case mx::Dtype::Val::bool_:
      return *x.data<bool>();
    case mx::Dtype::Val::uint8:
      return *x.data<uint8_t>();
    case mx::Dtype::Val::uint16:
      return *x.data<uint16_t>();
    case mx::Dtype::Val::uint32:
      return *x.data<uint32_t>();
    case mx::Dtype::Val::uint64:
      return static_cast<int64_t>(*x.data<uint64_t>());
    case mx::Dtype::Val::int8:
      return *x.data<int8_t>();
    case mx::Dtype::Val::int16:
      return *x.data<int16_t>();
    case mx::Dtype::Val::int32:
      return *x.data<int32_t>();
    case mx::Dtype::Val::int64:
      return *x.data<int64_t>();
    default:
      throw std::invalid_argument("an integer was asked of a float tensor");
  }
}

struct Operands {
  int64_t a;
  int64_t b;
};

template <typename IntNode>
Operands operands(const IntNode& node, const Slots& slots) {
  return {slots.integer(node.a), slots.integer(node.b)};
}

[[noreturn]] void throw_overflow(
    const Operands& of, const char* operation, const char* problem) {
  throw std::out_of_range(
      std::to_string(of.a) + operation + std::to_string(of.b) + problem);
}

// Both the quotient and the remainder need a divisor that does not trap.
void check_division(const Operands& of, const char* operation) {
  if (of.b == 0 ||
      (of.a == std::numeric_limits<int64_t>::min() && of.b == -1)) {
    throw_overflow(of, operation, " has no value");
  }
}

} // namespace

void run(const ItemIntNode& node, Slots& slots) {
  const mx::array& x = slots.tensor(node.x);
  if (x.size() != 1) {
    throw std::invalid_argument(
        "an integer was asked of a tensor of " + std::to_string(x.size()) +
        " elements");
  }
  slots.wait_for(x);
  slots.set(node.out, Scalar(first_element(x)));
}

void run(const SymSizeNode& node, Slots& slots) {
  const mx::array& x = slots.tensor(node.a);
  slots.set(node.out, Scalar(int64_t{x.shape(axis_of(node.dim, x))}));
}

void run(const AddIntNode& node, Slots& slots) {
  const Operands of = operands(node, slots);
  int64_t result = 0;
  if (__builtin_add_overflow(of.a, of.b, &result)) {
    throw_overflow(of, " + ", " overflows");
  }
  slots.set(node.out, Scalar(result));
}

void run(const SubtractIntNode& node, Slots& slots) {
  const Operands of = operands(node, slots);
  int64_t result = 0;
  if (__builtin_sub_overflow(of.a, of.b, &result)) {
    throw_overflow(of, " - ", " overflows");
  }
  slots.set(node.out, Scalar(result));
}

void run(const MultiplyIntNode& node, Slots& slots) {
  const Operands of = operands(node, slots);
  int64_t result = 0;
  if (__builtin_mul_overflow(of.a, of.b, &result)) {
    throw_overflow(of, " * ", " overflows");
  }
  slots.set(node.out, Scalar(result));
}

// As in Python: rounded down, and a remainder of the divisor's sign.
void run(const FloorDivideIntNode& node, Slots& slots) {
  const Operands of = operands(node, slots);
  check_division(of, " // ");
  const bool rounded_up = of.a % of.b != 0 && (of.a < 0) != (of.b < 0);
  slots.set(node.out, Scalar(of.a / of.b - (rounded_up ? 1 : 0)));
}

void run(const ModIntNode& node, Slots& slots) {
  const Operands of = operands(node, slots);
  check_division(of, " % ");
  const int64_t rest = of.a % of.b;
  const bool other_sign = rest != 0 && (rest < 0) != (of.b < 0);
  slots.set(node.out, Scalar(rest + (other_sign ? of.b : 0)));
}

} // namespace voxtral_tts::mlx_delegate
