// Oracle: the promises of graph.h; real payloads are the exporter's.
#include <gmock/gmock.h>

#include "backend/backend_error.h"
#include "backend/program.h"
#include "flatbuffer_writer.h"
#include "graph/graph.h"
#include "test_data.h"

namespace voxtral_tts::mlx_delegate {
namespace {

using ::testing::HasSubstr;

// Either is fine; a crash, a hang or another exception is not.
bool is_read(std::span<const std::byte> payload) {
  try {
    read_payload(payload);
    return true;
  } catch (const PayloadError&) {
    return false;
  }
}

std::string problem_of(std::span<const std::byte> payload) {
  try {
    read_payload(payload);
    return "was accepted";
  } catch (const PayloadError& error) {
    return error.what();
  }
}

TEST(Payload, ARealOneIsRead) {
  const Graph graph = read_payload(read_payload_of("attention.pte"));
  EXPECT_EQ(graph.num_constants, 6u);
  EXPECT_EQ(graph.num_mutable_buffers, 2u);
  EXPECT_EQ(graph.input_map.size(), 2u);
  EXPECT_EQ(graph.output_map.size(), 1u);
  EXPECT_EQ(graph.tensor_meta.size(), graph.num_known_tensors());
  EXPECT_EQ(graph.init_chain, std::nullopt);
  const auto count = [&](auto type) {
    return std::count_if(
        graph.chains[0].begin(), graph.chains[0].end(), [](const Node& node) {
          return std::holds_alternative<decltype(type)>(node);
        });
  };
  EXPECT_EQ(count(SdpaNode{}), 1);
  EXPECT_EQ(count(SliceUpdateNode{}), 2);
  EXPECT_EQ(count(RopeNode{}), 2);
  for (const Node& node : graph.chains[0]) {
    if (const auto* rope = std::get_if<RopeNode>(&node)) {
      EXPECT_EQ(rope->dims, kAttentionHead);
      EXPECT_TRUE(rope->traditional);
      EXPECT_EQ(rope->base, 10000.0f);
      EXPECT_TRUE(rope->offset.vid);
    }
  }
}

TEST(Payload, AnInitChainIsRead) {
  const Graph graph = read_payload(read_payload_of("quantized.pte"));
  ASSERT_TRUE(graph.init_chain);
  EXPECT_STREQ(name_of(graph.chains[*graph.init_chain][0]), "MultiplyNode");
}

TEST(Payload, EveryTruncationIsRefused) {
  for (const char* name : {"attention.pte", "quantized.pte"}) {
    const auto payload = read_payload_of(name);
    for (size_t size = 0; size < payload.size(); ++size) {
      // In memory of its own, where a sanitizer sees the end.
      const std::vector<std::byte> part(
          payload.begin(), payload.begin() + static_cast<ptrdiff_t>(size));
      EXPECT_FALSE(is_read(part)) << name << " cut to " << size;
    }
  }
}

TEST(Payload, EveryWrongByteIsReadOrRefused) {
  for (const char* name : {"attention.pte", "quantized.pte"}) {
    auto payload = read_payload_of(name);
    int refused = 0;
    for (auto& byte : payload) {
      const auto right = byte;
      for (const int flip :
           {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff}) {
        byte = right ^ static_cast<std::byte>(flip);
        refused += !is_read(payload);
      }
      byte = right;
    }
    EXPECT_GT(refused, 1000) << name;
    EXPECT_TRUE(is_read(payload));
  }
}

TEST(Payload, TheHeaderIsChecked) {
  auto payload = read_payload_of("quantized.pte");
  payload[7] = std::byte{'1'};
  EXPECT_THAT(problem_of(payload), HasSubstr("MLX0"));
  payload[7] = std::byte{'0'};
  payload[15] = std::byte{0x80};
  EXPECT_THAT(problem_of(payload), HasSubstr("disagrees with its size"));
  EXPECT_THAT(problem_of({}), HasSubstr("malformed MLX payload"));
}

// A graph of chains without tensors.
class Chains {
 public:
  using Field = FlatBufferWriter::Field;

  Offset instruction(uint8_t type, const std::vector<Field>& fields) {
    const Offset node = writer.table(fields);
    return writer.table({type, node});
  }
  Offset int_literal(int64_t value) {
    return writer.table({value});
  }
  // `numbers`: version, then the six counts.
  std::vector<std::byte> payload(
      const std::vector<std::vector<Offset>>& chains,
      const std::string& version = "1",
      const std::vector<uint32_t>& counts = {0, 0, 0, 0, 0, 0},
      const std::vector<Field>& more = {}) {
    std::vector<Offset> tables;
    for (const auto& chain : chains) {
      tables.push_back(writer.table({writer.vector(chain)}));
    }
    std::vector<Field> root = {writer.string(version)};
    root.insert(root.end(), counts.begin(), counts.end());
    root.push_back(writer.vector(tables));
    root.insert(root.end(), more.begin(), more.end());
    return writer.finish(writer.table(root));
  }

  FlatBufferWriter writer;
};

constexpr uint8_t kNoop = 1, kItemInt = 4, kMetalKernel = 126, kIf = 132,
                  kUpdateAndAttend = 134;

TEST(Payload, ASmallOneIsRead) {
  Chains chains;
  const auto noop = chains.instruction(kNoop, {});
  const Graph graph = read_payload(chains.payload({{noop, noop}}));
  ASSERT_EQ(graph.chains.size(), 1u);
  EXPECT_STREQ(name_of(graph.chains[0][1]), "NoopNode");
}

TEST(Payload, AnotherVersionIsRefused) {
  for (const char* version : {"2", "", "1.0", "0"}) {
    EXPECT_THAT(
        problem_of(Chains().payload({{}}, version)), HasSubstr("version"));
  }
}

TEST(Payload, UnknownNodesAreRefused) {
  for (const int type : {0, 137, 255}) {
    Chains chains;
    const auto node = chains.instruction(static_cast<uint8_t>(type), {});
    EXPECT_THAT(
        problem_of(chains.payload({{node}})),
        HasSubstr("chain 0, node 0: node type " + std::to_string(type)));
  }
}

TEST(Payload, SlotsAndRequiredFieldsAreChecked) {
  Chains absent;
  const auto no_out = absent.instruction(kItemInt, {uint32_t{0}});
  EXPECT_THAT(
      problem_of(absent.payload({{no_out}}, "1", {0, 0, 0, 0, 1, 1})),
      HasSubstr("field 'out': is missing"));
  Chains outside;
  const auto node = outside.instruction(kItemInt, {uint32_t{1}, uint32_t{0}});
  EXPECT_THAT(
      problem_of(outside.payload({{node}}, "1", {0, 0, 0, 0, 1, 1})),
      HasSubstr("field 'x': tensor 1 of 1"));
  Chains value;
  const auto item = value.instruction(kItemInt, {uint32_t{0}, uint32_t{7}});
  EXPECT_THAT(
      problem_of(value.payload({{item}}, "1", {0, 0, 0, 0, 1, 1})),
      HasSubstr("value 7 of 1"));
}

TEST(Payload, LimitsHold) {
  EXPECT_THAT(
      problem_of(Chains().payload({{}}, "1", {0, 0, 0, 0, 1'000'001, 0})),
      HasSubstr("1000001 slots"));
  EXPECT_THAT(
      problem_of(Chains().payload({{}}, "1", {1, 0, 0, 0, 0, 0})),
      HasSubstr("not every tensor is described"));
  EXPECT_THAT(problem_of(Chains().payload({})), HasSubstr("main or init"));
}

TEST(Payload, OnePartReferredToManyTimesIsRefused) {
  Chains chains;
  const auto noop = chains.instruction(kNoop, {});
  EXPECT_THAT(
      problem_of(chains.payload({std::vector<Offset>(100'000, noop)})),
      HasSubstr("too often"));
}

TEST(Payload, ChainsThatRunThemselvesAreRefused) {
  for (const uint32_t target : {0u, 1u}) {
    Chains chains;
    const auto branch =
        chains.instruction(kIf, {chains.int_literal(1), target, uint32_t{0}});
    EXPECT_THAT(
        problem_of(chains.payload({{branch}, {branch}})), HasSubstr("circle"));
  }
  Chains missing;
  const auto branch = missing.instruction(
      kIf, {missing.int_literal(1), uint32_t{1}, uint32_t{9}});
  EXPECT_THAT(
      problem_of(missing.payload({{branch}, {}})),
      HasSubstr("chain 9 is missing"));
}

TEST(Payload, ChainsNestOnlySoDeep) {
  for (const uint32_t depth : {60u, 70u}) {
    Chains chains;
    std::vector<std::vector<Offset>> list;
    for (uint32_t i = 0; i + 1 < depth; ++i) {
      list.push_back(
          {chains.instruction(kIf, {chains.int_literal(1), i + 1, i + 1})});
    }
    list.emplace_back();
    EXPECT_EQ(is_read(chains.payload(list)), depth == 60);
  }
}

TEST(Payload, NodesThatCannotRunHereAreNamed) {
  Chains chains;
  auto& writer = chains.writer;
  const auto none = writer.vector({});
  const auto metal = chains.instruction(
      kMetalKernel,
      {writer.string("k"), writer.string("s"), none, none, none, none});
  try {
    const Program program(chains.payload({{metal}}), nullptr, {});
    FAIL();
  } catch (const BackendError& error) {
    EXPECT_EQ(
        error.code, executorch::runtime::Error::DelegateInvalidCompatibility);
    EXPECT_THAT(error.what(), HasSubstr("MetalKernelNode"));
  }
  Chains other;
  const uint32_t t = 0;
  const auto cache = other.instruction(kUpdateAndAttend, {t, t, t, t, t});
  try {
    const Program program(
        other.payload({{cache}}, "1", {0, 0, 0, 0, 1, 0}), nullptr, {});
    FAIL();
  } catch (const BackendError& error) {
    EXPECT_THAT(error.what(), HasSubstr("UpdateAndAttendNode"));
  }
}

} // namespace
} // namespace voxtral_tts::mlx_delegate
