// Nodes whose operands would end the process are errors instead. Oracle: what
// the operands are called in the message, and NumPy for divisions.
#include <cmath>
#include <limits>
#include <stdexcept>
#include <typeinfo>

#include "guards_testing.h"
#include "modules.h"

namespace voxtral_tts::mlx_delegate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kIntMax = std::numeric_limits<int>::max();
constexpr int kIntMin = std::numeric_limits<int>::min();

struct BadNode {
  const std::type_info& exception;
  const char* problem;
  Node node;
};

TEST_F(GuardsTest, BadOperandsAreNamed) {
  slots.set(kX, mx::array({1.0f, 2.0f, 3.0f}));
  slots.set(kW, mx::array({7}));
  slots.set(Tid{4}, mx::array({-1}));
  zeros(Tid{5}, {4});
  const std::type_info& invalid = typeid(std::invalid_argument);
  const std::type_info& range = typeid(std::out_of_range);
  const std::type_info& length = typeid(std::length_error);
  const QuantizedMatmulNode quantized{
      .x = kX,
      .w = kX,
      .scales = kX,
      .out = kOut,
      .biases = kX,
      .group_size = 32,
      .bits = 7,
      .mode = "affine"};
  QuantizedMatmulNode unknown_mode = quantized;
  unknown_mode.mode = "gguf";
  unknown_mode.bits = 4;
  ScanNode scan;
  scan.originals = {kX, Tid{5}};
  scan.sliced = {kW, kW};
  scan.scan_axis = 0;
  const BadNode nodes[] = {
      {range,
       "index 3 into an axis of 3",
       TakeNode{kX, kOut, {3, std::nullopt, std::nullopt}, 0}},
      {range,
       "index -4 into an axis of 3",
       TakeNode{kX, kOut, {-4, std::nullopt, std::nullopt}, 0}},
      {range,
       "index 7 into an axis of 3",
       TakeNode{kX, kOut, {0, std::nullopt, kW}, 0}},
      {range, "index 7 into", TakeAlongAxisNode{kX, kW, kOut, 0}},
      {range, "index -1 into", IndexCopyNode{kX, kW, Tid{4}, kOut, 0}},
      {invalid, "not integers", TakeAlongAxisNode{kX, kX, kOut, 0}},
      {invalid,
       "slices of a negative size",
       GatherNode{
           .x = kX,
           .indices = {kW},
           .out = kOut,
           .axes = {0},
           .slice_sizes = {kIntMin}}},
      {range,
       "reaches outside of its 3 elements",
       AsStridedNode{kX, kOut, {literal(2)}, {literal(2)}, 1}},
      {range,
       "reaches outside of its 3 elements",
       AsStridedNode{kX, kOut, {literal(2)}, {literal(-1)}, 0}},
      {range,
       "reaches outside of its 3 elements",
       AsStridedNode{kX, kOut, {literal(1)}, {literal(1)}, ~uint64_t{0}}},
      {invalid, "no quantised format 'affine' of 7 bits", quantized},
      {invalid, "no quantised format 'gguf'", unknown_mode},
      {invalid,
       "no mode 'reflect'",
       PadNode{kX, kOut, {literal(1), literal(1)}, "reflect"}},
      {invalid, "unequal length", scan},
      {range,
       "7 // 0 has no value",
       FloorDivideIntNode{literal(7), literal(0), Vid{0}}},
      {range, "7 % 0 has no value", ModIntNode{literal(7), literal(0), Vid{0}}},
      {length,
       "a tensor of 65536",
       FullNode{
           kOut,
           {literal(1 << 30), literal(1 << 14)},
           {1, std::nullopt},
           kFloat}},
      {length, // their product is 0 modulo 2^64
       "GiB",
       FullNode{
           kOut,
           {literal(1 << 30), literal(1 << 30), literal(1 << 30)},
           {1, std::nullopt},
           kFloat}},
      {length,
       "GiB",
       TriNode{kOut, literal(1 << 20), literal(1 << 20), 0, kFloat}},
      {length,
       "GiB",
       RandomBitsNode{kOut, {literal(1 << 30), literal(1 << 10)}, {}}}};
  for (const BadNode& bad : nodes) {
    SCOPED_TRACE(std::string(name_of(bad.node)) + ": " + bad.problem);
    try {
      std::visit([&](const auto& node) { run(node, slots); }, bad.node);
      ADD_FAILURE() << "was accepted";
    } catch (const std::exception& error) {
      EXPECT_EQ(typeid(error), bad.exception) << typeid(error).name();
      EXPECT_THAT(error.what(), HasSubstr(bad.problem));
    }
  }
}

TEST(Guards, AQuantisedProgramOfZeroRowsIsAnErrorOrEmpty) {
  Module module(data_path("quantized.pte"));
  const auto answer = quantized(module, 0);
  EXPECT_TRUE(!answer.ok() || answer->empty());
  EXPECT_EQ(quantized(module, 1)->size(), quantized(module, 3)->size() / 3);
}

struct EmptyProduct {
  mx::Shape x, w, scales;
  bool transpose;
  mx::Shape result;
};

TEST_F(GuardsTest, EmptyQuantisedProducts) {
  const EmptyProduct products[] = {
      {{0, 64}, {8, 8}, {8, 2}, true, {0, 8}}, // our kernel
      {{2, 64}, {0, 8}, {0, 2}, true, {2, 0}},
      {{2, 0}, {8, 0}, {8, 0}, true, {2, 8}}, // MLX's
      {{0, 32}, {32, 8}, {32, 2}, false, {0, 64}},
      {{2, 32}, {32, 0}, {32, 0}, false, {2, 0}},
      {{2, 0}, {0, 8}, {0, 2}, false, {2, 64}}};
  for (const auto& [x, w, scales, transpose, result] : products) {
    zeros(kX, x);
    zeros(kW, w, mx::uint32);
    zeros(kScales, scales);
    zeros(kBiases, scales);
    const mx::array plain = result_of(
        QuantizedMatmulNode{
            .x = kX,
            .w = kW,
            .scales = kScales,
            .out = kOut,
            .biases = kBiases,
            .group_size = 32,
            .bits = 4,
            .mode = "affine",
            .transpose = transpose});
    EXPECT_EQ(plain.shape(), result);
    GatherQmmNode gather;
    gather.x = kX;
    gather.w = kW;
    gather.scales = kScales;
    gather.biases = kBiases;
    gather.out = kOut;
    gather.mode = "affine";
    gather.transpose = transpose;
    gather.group_size = 32;
    gather.bits = 4;
    EXPECT_EQ(result_of(gather).shape(), result);
    for (size_t i = 0; i < plain.size(); ++i) {
      EXPECT_EQ(plain.data<float>()[i], 0);
    }
  }
}

class ConvolutionGuardsTest : public GuardsTest {
 protected:
  template <typename ConvNode>
  void expect_refusals(size_t kernel_dims) {
    const ConvNode node{.x = kX, .w = kW, .out = kOut};
    mx::Shape x(kernel_dims + 2, 4);
    const mx::Shape w(kernel_dims + 2, 2);
    x.back() = 2;
    zeros(kX, x);
    zeros(kW, w);
    EXPECT_EQ(result_of(node).shape(0), 4);
    for (size_t i = 0; i < w.size(); ++i) {
      mx::Shape empty = w;
      empty[i] = 0;
      zeros(kW, empty);
      EXPECT_THROW(run(node, slots), std::invalid_argument) << i;
    }
    x.back() = 0;
    zeros(kX, x);
    EXPECT_THROW(run(node, slots), std::invalid_argument); // neither has any
    zeros(kW, w);
    EXPECT_THROW(run(node, slots), std::invalid_argument);
  }
};

TEST_F(ConvolutionGuardsTest, EmptyWeightsAndChannelsAreRefused) {
  expect_refusals<Conv1DNode>(1);
  expect_refusals<Conv2DNode>(2);
  expect_refusals<Conv3DNode>(3);
  expect_refusals<ConvTranspose1DNode>(1);
  expect_refusals<ConvTranspose2DNode>(2);
  expect_refusals<ConvTranspose3DNode>(3);
}

template <typename T>
std::vector<T> values_of(const mx::array& x) {
  return std::vector<T>(x.data<T>(), x.data<T>() + x.size());
}

TEST_F(GuardsTest, IntegerDivisionsDoNotTrap) {
  const FloorDivideNode divide{.a = kX, .b = kW, .out = kOut};
  const RemainderNode rest{.a = kX, .b = kW, .out = kOut};
  slots.set(kX, mx::array({kIntMin, -7, 7, 5, -8, 9}));
  slots.set(kW, mx::array({-1, 2, 0, -2, -1, 4}));
  EXPECT_THAT(
      values_of<int>(result_of(divide)), ElementsAre(kIntMin, -4, 0, -3, 8, 2));
  EXPECT_THAT(values_of<int>(result_of(rest)), ElementsAre(0, 1, 0, -1, 0, 1));
  slots.set(kX, mx::array({std::numeric_limits<int64_t>::min(), int64_t{-5}}));
  slots.set(kW, mx::array(-1)); // broadcast, of another type
  EXPECT_THAT(
      values_of<int64_t>(result_of(divide)),
      ElementsAre(std::numeric_limits<int64_t>::min(), 5));
  EXPECT_THAT(values_of<int64_t>(result_of(rest)), ElementsAre(0, 0));
  slots.set(kX, mx::array({255, 7, 255}, mx::uint8));
  slots.set(kW, mx::array({255, 0, 16}, mx::uint8));
  EXPECT_THAT(values_of<uint8_t>(result_of(divide)), ElementsAre(1, 0, 15));
  EXPECT_THAT(values_of<uint8_t>(result_of(rest)), ElementsAre(0, 0, 15));
  slots.set(kX, mx::array({true, true}));
  slots.set(kW, mx::array({true, false}));
  EXPECT_THAT(values_of<bool>(result_of(divide)), ElementsAre(true, false));
  EXPECT_THAT(values_of<bool>(result_of(rest)), ElementsAre(false, false));
  slots.set(kX, mx::array({-7.0f, 1.0f}));
  slots.set(kW, mx::array({2, 0}));
  EXPECT_EQ(values_of<float>(result_of(divide))[0], -4);
  EXPECT_TRUE(std::isinf(slots.tensor(kOut).data<float>()[1]));
}

TEST_F(GuardsTest, LongStepsReachOneElement) {
  slots.set(kX, mx::array({1, 2, 3}));
  slots.set(kW, mx::array({9}));
  for (const int step : {3, 4, kIntMax}) {
    const SliceUpdateNode update{
        kX, kW, kOut, literal(0), literal(1), literal(3), step};
    EXPECT_THAT(values_of<int>(result_of(update)), ElementsAre(1, 9, 3));
    const SliceNode slice{kX, kOut, literal(0), literal(1), literal(3), step};
    EXPECT_THAT(values_of<int>(result_of(slice)), ElementsAre(2));
  }
  for (const int step : {-3, kIntMin}) {
    const SliceNode slice{kX, kOut, literal(0), literal(-1), literal(-4), step};
    EXPECT_THAT(values_of<int>(result_of(slice)), ElementsAre(3));
  }
}

TEST_F(GuardsTest, PadCropsAll) {
  slots.set(kX, mx::array({1, 2, 3}));
  const PadNode pad{kX, kOut, {literal(kIntMin), literal(2)}, "constant", 5};
  EXPECT_THAT(values_of<int>(result_of(pad)), ElementsAre(5, 5));
}

} // namespace
} // namespace voxtral_tts::mlx_delegate
