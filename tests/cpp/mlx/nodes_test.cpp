// The nodes that no case of test_op_suite.py reaches. Oracle: what schema.fbs
// says of them, worked out by hand or with plain loops.
#include <algorithm>
#include <limits>
#include <numeric>

#include <executorch/runtime/core/portable_type/scalar_type.h>
#include <gmock/gmock.h>

#include "backend/backend_error.h"
#include "backend/program.h"
#include "flatbuffer_writer.h"
#include "interpreter/interpreter.h"

namespace voxtral_tts::mlx_delegate {
namespace {

using executorch::runtime::etensor::ScalarType;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Floats = std::vector<float>;

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

IntOrVid literal(int64_t value) {
  return {value, {}};
}

class NodesTest : public ::testing::Test {
 protected:
  static Graph eight_of_each() {
    Graph graph;
    graph.num_temporaries = graph.num_values = 8;
    return graph;
  }

  void set(Tid id, const Floats& values, const mx::Shape& shape) {
    slots.set(id, mx::array(values.begin(), shape));
  }
  void set(Tid id, const Floats& values) {
    set(id, values, {static_cast<int>(values.size())});
  }
  void cast(Tid id, mx::Dtype dtype) {
    slots.set(id, mx::astype(slots.tensor(id), dtype, slots.stream()));
  }

  // In row-major order, whatever the tensor's strides.
  Floats floats(Tid id) const {
    const mx::Stream s = slots.stream();
    mx::array x =
        mx::contiguous(mx::astype(slots.tensor(id), mx::float32, s), false, s);
    mx::eval(x);
    return {x.data<float>(), x.data<float>() + x.size()};
  }
  mx::Shape shape(Tid id) const {
    return slots.tensor(id).shape();
  }
  std::string problem_of(size_t chain) {
    try {
      run_chain(graph, chain, slots);
      return "none";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }

  Graph graph = eight_of_each();
  Slots slots{graph, mx::new_thread_unsafe_stream(mx::Device::cpu)};
};

class IntegersTest : public NodesTest {
 protected:
  template <typename IntNode>
  int64_t result_of(IntOrVid a, IntOrVid b) {
    run(IntNode{.a = a, .b = b, .out = Vid{0}}, slots);
    return std::get<int64_t>(slots.scalar(Vid{0}));
  }
  template <typename IntNode>
  int64_t result_of(int64_t a, int64_t b) {
    return result_of<IntNode>(literal(a), literal(b));
  }
};

TEST_F(IntegersTest, Multiply) {
  const auto product = [&](int64_t a, int64_t b) {
    return result_of<MultiplyIntNode>(a, b);
  };
  EXPECT_EQ(product(-7, 6), -42);
  EXPECT_EQ(product(int64_t{1} << 40, 3), int64_t{3} << 40);
  EXPECT_EQ(product(kMin, 1), kMin);
  EXPECT_THROW(product(kMax, 2), std::out_of_range);
  EXPECT_THROW(product(kMin, -1), std::out_of_range);
  slots.set(Vid{1}, int64_t{5});
  EXPECT_EQ(result_of<MultiplyIntNode>({0, Vid{1}}, {0, Vid{1}}), 25);
}

TEST_F(IntegersTest, FloorDivideRoundsDown) {
  const auto quotient = [&](int64_t a, int64_t b) {
    return result_of<FloorDivideIntNode>(a, b);
  };
  EXPECT_EQ(quotient(7, 2), 3);
  EXPECT_EQ(quotient(-7, 2), -4);
  EXPECT_EQ(quotient(7, -2), -4);
  EXPECT_EQ(quotient(-7, -2), 3);
  EXPECT_EQ(quotient(-6, 2), -3);
  EXPECT_EQ(quotient(0, -5), 0);
  EXPECT_EQ(quotient(kMin, 1), kMin);
  EXPECT_THROW(quotient(1, 0), std::out_of_range);
  EXPECT_THROW(quotient(kMin, -1), std::out_of_range); // it would trap
  slots.set(Vid{1}, int64_t{-9});
  EXPECT_EQ(result_of<FloorDivideIntNode>({0, Vid{1}}, literal(4)), -3);
}

TEST_F(NodesTest, NoopDoesNothing) {
  graph.chains = {{NoopNode{}, IdCopyNode{.x = {0}, .out = {1}}, NoopNode{}}};
  set({0}, {1, 2});
  run_chain(graph, 0, slots);
  EXPECT_THAT(floats({0}), ElementsAre(1, 2));
  EXPECT_THAT(floats({1}), ElementsAre(1, 2));
  EXPECT_FALSE(slots.has({2}));
}

TEST_F(NodesTest, TriIsOneUpToTheDiagonal) {
  constexpr int kRows = 3, kColumns = 4;
  slots.set(Vid{0}, int64_t{kRows});
  for (const int k : {-4, -3, -1, 0, 2, 3, 9}) {
    const TriNode node{
        .out = {0},
        .n = {0, Vid{0}},
        .m = literal(kColumns),
        .k = k,
        .scalar_type = static_cast<int8_t>(ScalarType::Int)};
    run(node, slots);
    Floats expected;
    for (int row = 0; row < kRows; ++row) {
      for (int column = 0; column < kColumns; ++column) {
        expected.push_back(column <= row + k ? 1 : 0);
      }
    }
    EXPECT_EQ(shape({0}), (mx::Shape{kRows, kColumns})) << k;
    EXPECT_EQ(slots.tensor(Tid{0}).dtype(), mx::int32);
    EXPECT_EQ(floats({0}), expected) << k;
  }
}

class MedianTest : public NodesTest {
 protected:
  Floats median(std::vector<int32_t> axes, bool keepdims = false) {
    const MedianNode node{
        .x = {0}, .out = {1}, .axes = std::move(axes), .keepdims = keepdims};
    run(node, slots);
    return floats({1});
  }
};

TEST_F(MedianTest, IsTheMiddleOrTheMeanOfBothMiddles) {
  set({0}, {9, 1, 5, 2, 8, 4}, {2, 3});
  EXPECT_THAT(median({1}), ElementsAre(5, 4));
  EXPECT_THAT(median({-1}, true), ElementsAre(5, 4));
  EXPECT_EQ(shape({1}), (mx::Shape{2, 1}));
  EXPECT_THAT(median({0}), ElementsAre(5.5f, 4.5f, 4.5f));
  EXPECT_THAT(median({1, 0}), ElementsAre(4.5f));
  EXPECT_THAT(median({}), ElementsAre(4.5f));
  EXPECT_EQ(shape({1}), mx::Shape{});
  EXPECT_THROW(median({2}), std::out_of_range);
}

TEST_F(MedianTest, OfOtherTypes) {
  set({0}, {4, 1, 2, 9});
  cast({0}, mx::int32);
  EXPECT_THAT(median({0}), ElementsAre(3));
  EXPECT_EQ(slots.tensor(Tid{1}).dtype(), mx::float32);
  // The sum of the two middles is no float16.
  set({0}, {49152, 61440});
  cast({0}, mx::float16);
  EXPECT_THAT(median({0}), ElementsAre(55296));
  EXPECT_EQ(slots.tensor(Tid{1}).dtype(), mx::float16);
  slots.set(Tid{0}, mx::array(3.0f));
  EXPECT_THAT(median({}), ElementsAre(3));
  EXPECT_THAT(median({-1}), ElementsAre(3));
}

class ArgPartitionTest : public NodesTest {
 protected:
  std::vector<int64_t> positions(int64_t kth, int32_t axis) {
    const ArgPartitionNode node{
        .x = {0}, .out = {1}, .kth = literal(kth), .axis = axis};
    run(node, slots);
    EXPECT_EQ(slots.tensor(Tid{1}).dtype(), mx::uint32); // MLX's own
    EXPECT_EQ(shape({1}), shape({0}));
    const Floats found = floats({1});
    return {found.begin(), found.end()};
  }

  static void expect_partitions(
      const Floats& row, std::vector<int64_t> order, size_t kth) {
    const auto at = [&](size_t i) {
      return row.at(static_cast<size_t>(order[i]));
    };
    for (size_t i = 0; i < order.size(); ++i) {
      EXPECT_TRUE(i < kth ? at(i) <= at(kth) : at(i) >= at(kth)) << i;
    }
    // It is a permutation.
    std::sort(order.begin(), order.end());
    std::vector<int64_t> all(row.size());
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(order, all);
  }
};

TEST_F(ArgPartitionTest, PutsTheSmallerOnesInFront) {
  const Floats row = {5, -1, 7, 3, 3, 0, 9, -4};
  set({0}, row);
  for (int kth = 0; kth < 8; ++kth) {
    const auto place = static_cast<size_t>(kth);
    expect_partitions(row, positions(kth, 0), place);
    expect_partitions(row, positions(kth - 8, -1), place); // from the end
  }
  EXPECT_ANY_THROW(positions(8, 0));
  EXPECT_ANY_THROW(positions(-9, 0));
  EXPECT_ANY_THROW(positions(0, 1));
}

TEST_F(ArgPartitionTest, AlongAnyAxis) {
  set({0}, {4, 1, 3, 0, 2, 5}, {3, 2}); // columns: 4 3 2 and 1 0 5
  const auto order = positions(1, 0);
  expect_partitions({4, 3, 2}, {order[0], order[2], order[4]}, 1);
  expect_partitions({1, 0, 5}, {order[1], order[3], order[5]}, 1);
  EXPECT_THAT(positions(0, -1), ElementsAre(1, 0, 1, 0, 0, 1));
  slots.set(Tid{0}, mx::array(3.0f));
  EXPECT_THAT(positions(0, 0), ElementsAre(0));
}

// ExecuTorch's own delegate gives what MLX gives, so ours may not be kinder.
TEST_F(NodesTest, PositionsKeepMlxsType) {
  set({0}, {3, 1, 2});
  run(ArgmaxNode{.x = {0}, .out = {1}, .axis = 0, .keepdims = false}, slots);
  run(ArgminNode{.x = {0}, .out = {2}, .axis = 0, .keepdims = false}, slots);
  run(ArgsortNode{.x = {0}, .out = {3}, .axis = 0}, slots);
  for (const Tid positions : {Tid{1}, Tid{2}, Tid{3}}) {
    EXPECT_EQ(slots.tensor(positions).dtype(), mx::uint32);
  }
  EXPECT_THAT(floats({1}), ElementsAre(0));
  EXPECT_THAT(floats({2}), ElementsAre(1));
  EXPECT_THAT(floats({3}), ElementsAre(1, 2, 0));
}

// carry += x; sums = carry; scaled = carry * w, one row of w per element.
class ScanTest : public NodesTest {
 protected:
  static constexpr Tid x{0}, w{1}, x_step{2}, w_step{3}, carry{4}, sums{5},
      scaled{6}, scratch{7};
  static constexpr int kRows = 2, kColumns = 3, kDepth = 2;

  ScanTest() {
    graph.chains.push_back({scan});
    graph.chains.push_back(
        {AddNode{.a = carry, .b = x_step, .out = carry},
         IdCopyNode{.x = carry, .out = sums},
         ExpandDimsNode{.x = carry, .out = scratch, .axis = -1},
         MultiplyNode{.a = scratch, .b = w_step, .out = scaled}});
    set(x, x_values, {kRows, kColumns});
    set(w, w_values, {kRows, kColumns, kDepth});
  }

  ScanNode scan{
      .originals = {x, w},
      .sliced = {x_step, w_step},
      .outputs = {sums, scaled},
      .carry = {carry},
      .body_chain_idx = 1};
  Floats x_values = {1, 2, 3, 4, 5, 6};
  Floats w_values = {1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6};
};

TEST_F(ScanTest, CarriesAndStacks) {
  EXPECT_EQ(scan.scan_axis, 1); // the schema's default
  for (const int axis : {1, 0}) {
    scan.scan_axis = axis;
    const size_t steps = axis == 1 ? kColumns : kRows;
    const size_t rest = axis == 1 ? kRows : kColumns;
    Floats state(rest, 10);
    set(carry, state);
    run(scan, slots);

    Floats sum(x_values.size());
    Floats products(w_values.size());
    for (size_t t = 0; t < steps; ++t) {
      for (size_t i = 0; i < rest; ++i) {
        const size_t at = axis == 1 ? i * kColumns + t : t * kColumns + i;
        state[i] += x_values[at];
        sum[at] = state[i];
        for (size_t j = at * kDepth; j < (at + 1) * kDepth; ++j) {
          products[j] = state[i] * w_values[j];
        }
      }
    }
    EXPECT_EQ(shape(sums), (mx::Shape{kRows, kColumns}));
    EXPECT_EQ(floats(sums), sum) << "axis " << axis;
    EXPECT_EQ(shape(scaled), (mx::Shape{kRows, kColumns, kDepth}));
    EXPECT_EQ(floats(scaled), products) << "axis " << axis;
    EXPECT_EQ(floats(carry), state) << "axis " << axis;
    EXPECT_EQ(floats(x), x_values);
  }
}

TEST_F(ScanTest, OneStepAndNoOutputs) {
  set(carry, {0, 0, 0});
  set(x, {1, 2, 3}, {1, 3});
  set(w, Floats(6, 2), {1, 3, 2});
  scan.scan_axis = 0;
  scan.outputs = {};
  run(scan, slots);
  EXPECT_THAT(floats(carry), ElementsAre(1, 2, 3));
  EXPECT_THAT(floats(scaled), ElementsAre(2, 2, 4, 4, 6, 6)); // not stacked
}

TEST_F(ScanTest, OriginalsMustAgree) {
  set(carry, {0, 0});
  const auto expect_refused = [&](const ScanNode& node) {
    EXPECT_THROW(run(node, slots), std::invalid_argument);
  };
  ScanNode node = scan;
  node.sliced = {x_step};
  expect_refused(node);
  node.originals = node.sliced = {};
  expect_refused(node);
  node = scan;
  node.scan_axis = -1; // 3 columns, and a depth of 2
  expect_refused(node);
  set(x, {}, {2, 0});
  set(w, {}, {2, 0, 2});
  expect_refused(scan);
}

TEST_F(ScanTest, AProblemInTheBodyNamesBothNodes) {
  EXPECT_THAT(
      problem_of(0), // nothing to carry yet
      AllOf(
          HasSubstr("node 0 ScanNode: node 0 AddNode"),
          HasSubstr("tensor 4 is read before it is written")));
}

TEST_F(NodesTest, WhatNeedsAppleOrAnOuterCacheIsNamed) {
  MetalKernelNode metal;
  metal.name = "kernel";
  graph.chains = {{NoopNode{}, metal}, {UpdateAndAttendNode{}}};
  EXPECT_THAT(problem_of(0), HasSubstr("MetalKernelNode 'kernel' holds"));
  EXPECT_THAT(problem_of(1), HasSubstr("UpdateAndAttendNode needs a cache"));
}

// Loads a program with such a node in a chain that nothing runs;
// payload_test.cpp has them in the main chain.
std::string refusal_of(
    FlatBufferWriter& writer,
    uint8_t type,
    const std::vector<FlatBufferWriter::Field>& fields) {
  const Offset instruction = writer.table({type, writer.table(fields)});
  const Offset main = writer.table({writer.vector({})});
  const Offset other = writer.table({writer.vector({instruction})});
  const uint32_t none = 0, temporaries = 1;
  const Offset root = writer.table(
      {writer.string("1"),
       none,
       none,
       none,
       none,
       temporaries,
       none,
       writer.vector({main, other})});
  try {
    const Program program(writer.finish(root), nullptr, {});
    return "was accepted";
  } catch (const BackendError& error) {
    return error.what();
  }
}

TEST(Nodes, WhatCannotRunIsRefusedWhenLoaded) {
  constexpr uint8_t kMetalKernel = 126, kUpdateAndAttend = 134;
  FlatBufferWriter metal;
  const Offset text = metal.string("");
  const Offset list = metal.vector({});
  EXPECT_THAT(
      refusal_of(metal, kMetalKernel, {text, text, list, list, list, list}),
      HasSubstr("MetalKernelNode"));
  FlatBufferWriter cache;
  const uint32_t t = 0;
  EXPECT_THAT(
      refusal_of(cache, kUpdateAndAttend, {t, t, t, t, t}),
      HasSubstr("UpdateAndAttendNode"));
}

} // namespace
} // namespace voxtral_tts::mlx_delegate
