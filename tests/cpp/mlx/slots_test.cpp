// Oracle: the promises of slots.h.
#include "interpreter/slots.h"

#include <gmock/gmock.h>

namespace voxtral_tts::mlx_delegate {
namespace {

using ::testing::ElementsAre;

// One tensor of each kind, in order, and two scalars.
Graph one_of_each() {
  Graph graph;
  graph.num_constants = graph.num_inputs = graph.num_outputs = 1;
  graph.num_mutable_buffers = graph.num_temporaries = 1;
  graph.num_values = 2;
  return graph;
}

constexpr Tid kConstant{0}, kInput{1}, kOutput{2}, kBuffer{3}, kTemporary{4};

class SlotsTest : public ::testing::Test {
 protected:
  Graph graph = one_of_each();
  Slots slots{graph, mx::new_thread_unsafe_stream(mx::Device::cpu)};
};

TEST_F(SlotsTest, WhatWasNotWrittenCannotBeRead) {
  EXPECT_THROW(slots.tensor(kInput), std::runtime_error);
  EXPECT_THROW(slots.scalar(Vid{0}), std::runtime_error);
  EXPECT_EQ(slots.tensor(std::nullopt), std::nullopt);
}

TEST_F(SlotsTest, ConstantsAndBuffersOutliveTheCall) {
  for (const Tid id : {kConstant, kInput, kOutput, kBuffer, kTemporary}) {
    slots.set(id, mx::array(1.0f));
  }
  slots.set(Vid{0}, int64_t{1});
  slots.clear_call();
  EXPECT_TRUE(slots.has(kConstant));
  EXPECT_FALSE(slots.has(kInput));
  EXPECT_FALSE(slots.has(kOutput));
  EXPECT_TRUE(slots.has(kBuffer));
  EXPECT_FALSE(slots.has(kTemporary));
  EXPECT_THROW(slots.scalar(Vid{0}), std::runtime_error);
}

TEST_F(SlotsTest, TellsWhatChanged) {
  slots.set(kInput, mx::array(1.0f));
  slots.set(kBuffer, mx::array(1.0f));
  slots.set(kBuffer, mx::array(2.0f));
  ASSERT_EQ(slots.changed().size(), 2u);
  EXPECT_EQ(slots.changed()[0].idx, kBuffer.idx);
  slots.clear_changed();
  EXPECT_TRUE(slots.changed().empty());
}

TEST_F(SlotsTest, ScalarsConvertOnlyWhenNothingIsLost) {
  const IntOrVid value{0, Vid{0}};
  slots.set(Vid{0}, int64_t{1} << 40);
  EXPECT_EQ(slots.integer(value), int64_t{1} << 40);
  EXPECT_THROW(slots.integer32(value), std::runtime_error);
  EXPECT_EQ(slots.real({0, Vid{0}}), 1099511627776.0);
  slots.set(Vid{0}, true);
  EXPECT_EQ(slots.integer(value), 1);
  slots.set(Vid{0}, 2.0);
  EXPECT_THROW(slots.integer(value), std::runtime_error);
  EXPECT_EQ(slots.integer({7, {}}), 7);
}

TEST_F(SlotsTest, ShapesMixLiteralsAndScalars) {
  slots.set(Vid{1}, int64_t{5});
  EXPECT_THAT(
      slots.shape({{2, {}}, {0, Vid{1}}, {-1, {}}}), ElementsAre(2, 5, -1));
}

TEST_F(SlotsTest, CountsOnlyWaitsThatAreNeeded) {
  slots.wait_for(mx::array(1.0f));
  EXPECT_EQ(slots.host_syncs(), 0);
  const auto x = mx::zeros({4}, mx::float32, slots.stream());
  slots.wait_for(x);
  slots.wait_for(x);
  EXPECT_EQ(slots.host_syncs(), 1);
}

} // namespace
} // namespace voxtral_tts::mlx_delegate
