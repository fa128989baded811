// Elementwise functions of one, two and three tensors.
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "interpreter/node_helpers.h"

namespace voxtral_tts::mlx_delegate {

#define UNARY(Type, op)                                                \
  void run(const Type& node, Slots& slots) {                           \
    slots.set(node.out, mx::op(slots.tensor(node.x), slots.stream())); \
  }

UNARY(RsqrtNode, rsqrt)
UNARY(SigmoidNode, sigmoid)
UNARY(TanhNode, tanh)
UNARY(LogNode, log)
UNARY(LogicalNotNode, logical_not)
UNARY(FloorNode, floor)
UNARY(CeilNode, ceil)
UNARY(TruncNode, trunc)
UNARY(SquareNode, square)
UNARY(ExpNode, exp)
UNARY(SinNode, sin)
UNARY(CosNode, cos)
UNARY(TanNode, tan)
UNARY(ArcsinNode, arcsin)
UNARY(ArccosNode, arccos)
UNARY(ArctanNode, arctan)
UNARY(SinhNode, sinh)
UNARY(CoshNode, cosh)
UNARY(ArcsinhNode, arcsinh)
UNARY(ArccoshNode, arccosh)
UNARY(ArctanhNode, arctanh)
UNARY(Log2Node, log2)
UNARY(Log10Node, log10)
UNARY(Log1pNode, log1p)
UNARY(ErfNode, erf)
UNARY(Expm1Node, expm1)
UNARY(ReciprocalNode, reciprocal)
UNARY(SqrtNode, sqrt)
UNARY(AbsNode, abs)
UNARY(NegNode, negative)
UNARY(SignNode, sign)
UNARY(BitwiseInvertNode, bitwise_invert)

#undef UNARY

#define BINARY(Type, op)                                                     \
  void run(const Type& node, Slots& slots) {                                 \
    slots.set(                                                               \
        node.out,                                                            \
        mx::op(slots.tensor(node.a), slots.tensor(node.b), slots.stream())); \
  }

BINARY(AddNode, add)
BINARY(SubtractNode, subtract)
BINARY(MultiplyNode, multiply)
BINARY(DivideNode, divide)
BINARY(MaximumNode, maximum)
BINARY(MinimumNode, minimum)
BINARY(LessNode, less)
BINARY(LessEqualNode, less_equal)
BINARY(GreaterNode, greater)
BINARY(GreaterEqualNode, greater_equal)
BINARY(EqualNode, equal)
BINARY(NotEqualNode, not_equal)
BINARY(LogicalAndNode, logical_and)
BINARY(LogicalOrNode, logical_or)
BINARY(BitwiseAndNode, bitwise_and)
BINARY(BitwiseOrNode, bitwise_or)
BINARY(BitwiseXorNode, bitwise_xor)
BINARY(Atan2Node, arctan2)
BINARY(LogAddExpNode, logaddexp)
BINARY(PowerNode, power)

#undef BINARY

namespace {

// Integer division by 0, and of the least number by -1, traps on x86.
struct SafeDivision {
  SafeDivision(const mx::array& a, const mx::array& b, mx::Stream stream)
      : s(stream),
        type(mx::promote_types(a.dtype(), b.dtype())),
        dividend(mx::astype(a, type, s)),
        divisor(mx::astype(b, type, s)),
        by_zero(mx::equal(divisor, mx::array(0, type), s)),
        by_minus_one(
            mx::issubdtype(type, mx::signedinteger)
                ? mx::equal(divisor, mx::array(-1, type), s)
                : mx::array(false)) {
    const mx::array trapping = mx::logical_or(by_zero, by_minus_one, s);
    divisor = mx::where(trapping, mx::array(1, type), divisor, s);
  }

  mx::Stream s;
  mx::Dtype type;
  mx::array dividend;
  mx::array divisor; // 1 instead of 0 and -1
  mx::array by_zero;
  mx::array by_minus_one;
};

bool may_trap(const mx::array& a, const mx::array& b, const Slots& slots) {
  return on_cpu(slots) &&
         !mx::issubdtype(mx::promote_types(a.dtype(), b.dtype()), mx::inexact);
}

} // namespace

// Both have the divisor's sign convention: quotients are rounded down. Of
// integers both are 0 where the divisor is, as NumPy has it.
void run(const FloorDivideNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const mx::array& a = slots.tensor(node.a);
  const mx::array& b = slots.tensor(node.b);
  if (!may_trap(a, b, slots)) {
    slots.set(node.out, mx::floor_divide(a, b, s));
    return;
  }
  const SafeDivision of(a, b, s);
  mx::array result = mx::floor_divide(of.dividend, of.divisor, s);
  if (mx::issubdtype(of.type, mx::signedinteger)) {
    const mx::array negated =
        mx::subtract(mx::array(0, of.type), of.dividend, s);
    result = mx::where(of.by_minus_one, negated, result, s);
  }
  slots.set(node.out, mx::where(of.by_zero, mx::array(0, of.type), result, s));
}

void run(const RemainderNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const mx::array& a = slots.tensor(node.a);
  const mx::array& b = slots.tensor(node.b);
  if (!may_trap(a, b, slots)) {
    slots.set(node.out, mx::remainder(a, b, s));
    return;
  }
  const SafeDivision of(a, b, s); // what is divided by 1 leaves 0
  slots.set(node.out, mx::remainder(of.dividend, of.divisor, s));
}

namespace {

// x / 2 (1 + erf(x / sqrt 2))
mx::array gelu(const mx::array& x, mx::Stream s) {
  const mx::array root_half(std::numbers::sqrt2 / 2, x.dtype());
  const mx::array erf = mx::erf(mx::multiply(x, root_half, s), s);
  const mx::array twice =
      mx::multiply(x, mx::add(mx::array(1.0f, x.dtype()), erf, s), s);
  return mx::multiply(mx::array(0.5f, x.dtype()), twice, s);
}

// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
mx::array gelu_tanh(const mx::array& x, mx::Stream s) {
  const auto constant = [&](double value) {
    return mx::array(value, x.dtype());
  };
  const mx::array cubic = mx::add(
      mx::multiply(constant(0.044715), mx::square(x, s), s), constant(1), s);
  const double slope = std::sqrt(2 / std::numbers::pi);
  const mx::array tanh =
      mx::tanh(mx::multiply(constant(slope), mx::multiply(x, cubic, s), s), s);
  return mx::multiply(
      mx::multiply(constant(0.5), x, s), mx::add(constant(1), tanh, s), s);
}

} // namespace

void run(const GeluNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  const bool tanh = node.approximate == "tanh";
  if (!tanh && node.approximate != "none") {
    throw std::invalid_argument("gelu has no form '" + node.approximate + "'");
  }
  slots.set(
      node.out, in_float32(slots.tensor(node.x), s, [&](const mx::array& x) {
        return tanh ? gelu_tanh(x, s) : gelu(x, s);
      }));
}

void run(const SiluNode& node, Slots& slots) {
  const mx::Stream s = slots.stream();
  slots.set(
      node.out, in_float32(slots.tensor(node.x), s, [&](const mx::array& x) {
        return mx::multiply(x, mx::sigmoid(x, s), s);
      }));
}

void run(const RoundNode& node, Slots& slots) {
  slots.set(
      node.out, mx::round(slots.tensor(node.x), node.decimals, slots.stream()));
}

void run(const ClipNode& node, Slots& slots) {
  mx::array x = slots.tensor(node.x);
  if (node.a_min || node.a_max) { // MLX wants at least one
    x = mx::clip(
        x, slots.tensor(node.a_min), slots.tensor(node.a_max), slots.stream());
  }
  slots.set(node.out, std::move(x));
}

void run(const WhereNode& node, Slots& slots) {
  slots.set(
      node.out,
      mx::where(
          slots.tensor(node.condition),
          slots.tensor(node.x),
          slots.tensor(node.y),
          slots.stream()));
}

} // namespace voxtral_tts::mlx_delegate
