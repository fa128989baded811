// What takes more memory or time than there is, or fails half-way, is an error.
// Oracle: the promises of slots.h, graph.h and program.h.
#include <atomic>
#include <chrono>
#include <memory>
#include <new>
#include <thread>

#include <dlfcn.h>
#include <sys/resource.h>
#include <unistd.h>

#include <mlx/backend/cpu/encoder.h>
#include <mlx/primitives.h>

#include "backend/backend_error.h"
#include "backend/program.h"
#include "flatbuffer_writer.h"
#include "guards_testing.h"
#include "kernels/checked_malloc.h"

namespace voxtral_tts::mlx_delegate {
namespace {

using executorch::runtime::Error;
using ::testing::HasSubstr;

// A sanitizer's allocator ends the process, and needs all addresses.
bool has_address_sanitizer() {
  return dlsym(RTLD_DEFAULT, "__asan_init") != nullptr;
}

using LimitsTest = GuardsTest;

TEST(Limits, MemoryThatIsNotThereIsAnException) {
  if (has_address_sanitizer()) {
    GTEST_SKIP();
  }
  EXPECT_THROW(checked_malloc(size_t{1} << 62), std::bad_alloc);
}

TEST_F(LimitsTest, TensorsHaveABound) {
  const auto bytes = static_cast<int64_t>(max_tensor_bytes());
  EXPECT_LE(bytes, int64_t{16} << 30);
  const auto rows = static_cast<int>(bytes / 4096);
  zeros(kX, {rows, 1024});
  EXPECT_THROW(zeros(kX, {rows + 1, 1024}), std::length_error);
  EXPECT_EQ(slots.tensor(kX).shape(0), rows);
}

// A payload of one constant or mutable buffer, and one empty chain.
class OneTensor {
 public:
  using Field = FlatBufferWriter::Field;

  static std::vector<std::byte> payload(
      bool constant, const std::vector<int32_t>& shape) {
    FlatBufferWriter writer;
    std::vector<Offset> dims;
    for (const int32_t size : shape) {
      dims.push_back(writer.table({size}));
    }
    const Offset meta = writer.table({writer.vector(dims), kFloat});
    const Offset chain = writer.table({writer.vector({})});
    const uint32_t none = 0;
    const uint32_t constants = constant ? 1 : 0;
    const uint32_t buffers = constant ? 0 : 1;
    std::vector<Field> root = {
        writer.string("1"), constants, none, none, buffers, none, none};
    root.push_back(writer.vector({chain}));
    root.resize(14); // no maps
    root.push_back(writer.vector({meta}));
    return writer.finish(writer.table(root));
  }
};

TEST(Limits, AMutableBufferThatMemoryDoesNotHoldIsAnException) {
  if (has_address_sanitizer()) {
    GTEST_SKIP();
  }
  GTEST_FLAG_SET(death_test_style, "threadsafe"); // there are threads
  const auto payload = OneTensor::payload(false, {3, 1 << 30});
  const auto load = [&] {
    const rlimit limit{rlim_t{8} << 30, rlim_t{8} << 30};
    setrlimit(RLIMIT_AS, &limit);
    try {
      const Program program(payload, nullptr, {});
    } catch (const std::bad_alloc&) {
      _exit(0);
    } catch (const PayloadError&) { // on a machine of less memory
      _exit(0);
    }
    _exit(1);
  };
  EXPECT_EXIT(load(), ::testing::ExitedWithCode(0), "");
}

TEST(Limits, AConstantWithoutDataIsRefusedWhenLoaded) {
  try {
    const Program program(OneTensor::payload(true, {4}), nullptr, {});
    FAIL();
  } catch (const BackendError& error) {
    EXPECT_EQ(error.code, Error::InvalidExternalData);
    EXPECT_THAT(error.what(), HasSubstr("constant 0 has no data"));
  }
}

TEST(Limits, TensorsHaveABoundInThePayload) {
  try {
    read_payload(OneTensor::payload(false, {8, 1 << 30}));
    FAIL();
  } catch (const PayloadError& error) {
    EXPECT_THAT(error.what(), HasSubstr("more than 2^32 elements"));
  }
}

enum class Does { kWriteLater, kThrow, kThrowLater };
std::atomic<int> written{0};

class Step : public mx::UnaryPrimitive {
 public:
  Step(mx::Stream stream, Does what) : UnaryPrimitive(stream), what_(what) {
  }
  void eval_cpu(const std::vector<mx::array>&, mx::array& out) override {
    if (what_ == Does::kThrow) {
      throw std::runtime_error("at once");
    }
    out.set_data(checked_malloc(out.nbytes()));
    mx::cpu::get_command_encoder(stream()).dispatch([what = what_] {
      if (what == Does::kThrowLater) {
        throw std::runtime_error("later");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      ++written;
    });
  }
  void eval_gpu(const std::vector<mx::array>&, mx::array&) override {
  }
  const char* name() const override {
    return "Step";
  }

 private:
  Does what_;
};

TEST_F(LimitsTest, NothingIsWrittenAfterAFailure) {
  using enum Does;
  // Each is an operand of the next. Of two failures MLX waits for the first one
  // only: what was begun between them may run on.
  const std::vector<Does> orders[] = {
      {kWriteLater, kThrow},
      {kWriteLater, kThrowLater},
      {kThrowLater, kWriteLater}};
  for (const std::vector<Does>& order : orders) {
    std::vector<mx::array> inputs;
    for (const Does what : order) {
      const auto step = std::make_shared<Step>(slots.stream(), what);
      inputs = {mx::array(mx::Shape{1}, mx::float32, step, inputs)};
    }
    EXPECT_THROW(slots.evaluate(inputs), std::runtime_error);
    const int before = written;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_EQ(written, before) << "order " << &order - orders;
  }
  EXPECT_EQ(slots.host_syncs(), 0);
  zeros(kX, {4}); // the stream still works
  slots.wait_for(slots.tensor(kX));
  EXPECT_EQ(slots.host_syncs(), 1);
}

TEST_F(LimitsTest, BranchesCannotHangACall) {
  constexpr uint32_t kDepth = 60; // 2^60 nodes
  for (uint32_t i = 1; i < kDepth; ++i) {
    graph.chains.push_back(
        {IfNode{literal(1), i, i}, IfNode{literal(0), i, i}});
  }
  graph.chains.emplace_back();
  EXPECT_THAT(problem_of_chains(), HasSubstr("more than 10000000 nodes"));
  EXPECT_THROW(slots.spend(1), std::runtime_error);
  slots.clear_call();
  EXPECT_NO_THROW(slots.spend(10'000'000));
}

TEST_F(LimitsTest, LoopsCannotHangACall) {
  zeros(kX, {1 << 30}, mx::uint8);
  ScanNode scan;
  scan.originals = {kX};
  scan.sliced = {kW};
  scan.body_chain_idx = 1;
  scan.scan_axis = 0;
  graph.chains = {{scan}, {}};
  EXPECT_THAT(problem_of_chains(), HasSubstr("more than 10000000 nodes"));
}

} // namespace
} // namespace voxtral_tts::mlx_delegate
