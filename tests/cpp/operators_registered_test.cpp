// The kernels as a program calls them. Oracle: the shapes of docs/contract.md,
// "Operators": what differs is refused before any memory is touched.
#include <gmock/gmock.h>

#include <functional>
#include <limits>
#include <optional>

#include <executorch/extension/tensor/tensor.h>
#include <executorch/runtime/kernel/kernel_runtime_context.h>
#include <executorch/runtime/kernel/operator_registry.h>
#include <executorch/runtime/platform/runtime.h>

#include "operators/operators.h"

namespace voxtral_tts::operators {
namespace {

using executorch::aten::DimOrderType;
using executorch::aten::ScalarType;
using executorch::aten::SizesType;
using executorch::extension::TensorPtr;
using executorch::runtime::Error;
using executorch::runtime::EValue;
using executorch::runtime::KernelRuntimeContext;
using executorch::runtime::MemoryAllocator;
using Sizes = std::vector<SizesType>;

TensorPtr zeros(Sizes sizes, ScalarType type = ScalarType::Float) {
  return executorch::extension::zeros(std::move(sizes), type);
}

// The axes of a dense tensor in another order.
TensorPtr permuted(Sizes sizes, std::vector<DimOrderType> order) {
  size_t size = 1;
  for (const SizesType n : sizes) {
    size *= static_cast<size_t>(n);
  }
  return executorch::extension::make_tensor_ptr(
      std::move(sizes), std::vector<float>(size), std::move(order));
}

TensorPtr int64(int64_t value) {
  return executorch::extension::make_tensor_ptr(
      {1}, std::vector<int64_t>{value});
}

Error call(const char* name, std::vector<EValue> arguments) {
  executorch::runtime::runtime_init();
  register_operators();
  const auto kernel = executorch::runtime::get_op_function_from_registry(name);
  if (!kernel.ok()) {
    return kernel.error();
  }
  std::vector<EValue*> stack;
  for (EValue& argument : arguments) {
    stack.push_back(&argument);
  }
  std::vector<uint8_t> temporary(4096);
  MemoryAllocator allocator(
      static_cast<uint32_t>(temporary.size()), temporary.data());
  KernelRuntimeContext context(nullptr, &allocator);
  (*kernel)(context, {stack.data(), stack.size()});
  return context.failure_state();
}

// Arguments that fit: B 1, T 2, H 4, Hkv 2, D 4, capacity 8.
struct AttendCall {
  TensorPtr q = zeros({1, 2, 4, 4});
  TensorPtr k = zeros({1, 2, 2, 4});
  TensorPtr v = zeros({1, 2, 2, 4});
  TensorPtr k_cache = zeros({1, 8, 2, 4});
  TensorPtr v_cache = zeros({1, 8, 2, 4});
  TensorPtr position = int64(0);
  TensorPtr rope; // null: none
  TensorPtr slopes;
  int64_t window = 0;
  TensorPtr out = zeros({1, 2, 16});

  Error operator()() const {
    const auto optional = [](const TensorPtr& tensor) {
      return tensor ? EValue(*tensor) : EValue();
    };
    return call(
        "voxtral_tts::attend.out",
        {*q,
         *k,
         *v,
         *k_cache,
         *v_cache,
         *position,
         optional(rope),
         optional(slopes),
         window,
         *out});
  }
};

TEST(RegisteredAttend, TakesWhatFits) {
  AttendCall call;
  EXPECT_EQ(call(), Error::Ok);
  call.rope = zeros({8, 4});
  call.position = int64(6);
  EXPECT_EQ(call(), Error::Ok);
  AttendCall ring;
  ring.slopes = zeros({4});
  ring.window = 8;
  ring.position = int64(1000);
  EXPECT_EQ(ring(), Error::Ok);
  AttendCall single_axis; // order of an axis of one means nothing
  single_axis.q = permuted({1, 2, 4, 4}, {1, 0, 2, 3});
  EXPECT_EQ(single_axis(), Error::Ok);
}

void expect_refused(
    const std::string& what, const std::function<void(AttendCall&)>& spoil) {
  AttendCall call;
  call.rope = zeros({8, 4});
  call.slopes = zeros({4});
  ASSERT_EQ(call(), Error::Ok);
  spoil(call);
  EXPECT_EQ(call(), Error::InvalidArgument) << what;
}

TEST(RegisteredAttend, RefusesOtherShapesAndTypes) {
  expect_refused("rope is int64", [](AttendCall& call) {
    call.rope = zeros({8, 4}, ScalarType::Long);
  });
  expect_refused("rope is double", [](AttendCall& call) {
    call.rope = zeros({8, 4}, ScalarType::Double);
  });
  expect_refused(
      "rank of rope", [](AttendCall& call) { call.rope = zeros({1, 8, 4}); });
  expect_refused(
      "width of rope", [](AttendCall& call) { call.rope = zeros({8, 2}); });
  expect_refused("slopes are int64", [](AttendCall& call) {
    call.slopes = zeros({4}, ScalarType::Long);
  });
  expect_refused(
      "rank of slopes", [](AttendCall& call) { call.slopes = zeros({4, 1}); });
  expect_refused(
      "count of slopes", [](AttendCall& call) { call.slopes = zeros({3}); });
  expect_refused("empty heads", [](AttendCall& call) {
    call.q = zeros({1, 2, 4, 0});
    call.k = call.v = zeros({1, 2, 2, 0});
    call.k_cache = call.v_cache = zeros({1, 8, 2, 0});
    call.rope = nullptr;
  });
  expect_refused("heads of k and v", [](AttendCall& call) {
    call.v = zeros({1, 2, 4, 4});
  });
  expect_refused("type of out", [](AttendCall& call) {
    call.out = zeros({1, 2, 16}, ScalarType::Double);
  });
}

TEST(RegisteredAttend, RefusesPositionsAndWindowsBeyondItsMemory) {
  constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
  for (const int64_t position : {int64_t{-1}, int64_t{7}, kLargest}) {
    const auto move = [&](AttendCall& call) {
      call.position = int64(position);
    };
    const std::string what = "position " + std::to_string(position);
    expect_refused(what + " in the cache", [&](AttendCall& call) {
      call.rope = nullptr;
      move(call);
    });
    expect_refused(what + " in the table", [&](AttendCall& call) {
      call.window = 4;
      move(call);
    });
  }
  expect_refused("no row beyond INT64_MAX", [&](AttendCall& call) {
    call.rope = nullptr;
    call.window = 4;
    call.position = int64(kLargest);
  });
  for (const int64_t window : {int64_t{-1}, int64_t{9}, kLargest}) {
    expect_refused("window " + std::to_string(window), [&](AttendCall& call) {
      call.window = window;
    });
  }
}

TEST(RegisteredAttend, RefusesTensorsThatAreNotContiguous) {
  expect_refused("q", [](AttendCall& call) {
    call.q = permuted({1, 2, 4, 4}, {0, 2, 1, 3});
  });
  expect_refused("k_cache", [](AttendCall& call) {
    call.k_cache = permuted({1, 8, 2, 4}, {0, 2, 1, 3});
  });
  expect_refused(
      "rope", [](AttendCall& call) { call.rope = permuted({8, 4}, {1, 0}); });
}

TEST(RegisteredAttendAll, RefusesWhatDoesNotFit) {
  const auto run = [](const TensorPtr& q, const TensorPtr& kv) {
    return call(
        "voxtral_tts::attend_all.out", {*q, *kv, *kv, *zeros({1, 3, 16})});
  };
  EXPECT_EQ(run(zeros({1, 3, 4, 4}), zeros({1, 3, 2, 4})), Error::Ok);
  EXPECT_EQ(run(zeros({1, 3, 4, 4}), zeros({1, 2, 2, 4})), Error::Ok);
  EXPECT_EQ(
      run(zeros({1, 3, 4, 4}), zeros({2, 3, 2, 4})), Error::InvalidArgument);
  EXPECT_EQ(
      run(zeros({1, 3, 4, 4}), zeros({1, 0, 2, 4})), Error::InvalidArgument);
  EXPECT_EQ(
      run(zeros({1, 3, 4, 0}), zeros({1, 3, 2, 0})), Error::InvalidArgument);
  EXPECT_EQ(
      run(permuted({1, 3, 4, 4}, {0, 2, 1, 3}), zeros({1, 3, 2, 4})),
      Error::InvalidArgument);
}

TEST(RegisteredAttend, RefusesCachesOfTypesItDoesNotHave) {
  const auto run = [](ScalarType keys, ScalarType values, int64_t window) {
    return call(
        "voxtral_tts::attend.out",
        {*zeros({1, 1, 2, 4}),
         *zeros({1, 1, 2, 4}),
         *zeros({1, 1, 2, 4}),
         *zeros({1, 8, 2, 4}, keys),
         *zeros({1, 8, 2, 4}, values),
         *zeros({1}, ScalarType::Long),
         EValue(),
         EValue(),
         window,
         *zeros({1, 1, 8})});
  };
  for (const ScalarType type :
       {ScalarType::Float, ScalarType::BFloat16, ScalarType::Half}) {
    EXPECT_EQ(run(type, type, 0), Error::Ok);
  }
  EXPECT_EQ(
      run(ScalarType::Float, ScalarType::Half, 0), Error::InvalidArgument);
  EXPECT_EQ(
      run(ScalarType::Double, ScalarType::Double, 0), Error::InvalidArgument);
  EXPECT_EQ(run(ScalarType::Float, ScalarType::Float, 8), Error::Ok);
  EXPECT_EQ( // a ring
      run(ScalarType::Half, ScalarType::Half, 8), Error::InvalidArgument);
}

TEST(RegisteredLinear, RefusesWhatDoesNotFit) {
  struct Arguments {
    std::vector<int32_t> values = {2, 8, 128}; // 64 inputs, 40 outputs
    ScalarType value_type = ScalarType::Byte;
    std::vector<int32_t> scales = {2, 2, 32};
    ScalarType scale_type = ScalarType::BFloat16;
    std::vector<int32_t> sums = {2, 32};
    int64_t bits = 4;
    int64_t group_size = 32;
    int64_t columns = 40;
    int32_t depth = 64;
  };
  const auto run = [](const Arguments& a) {
    return call(
        "voxtral_tts::linear.out",
        {*zeros({3, a.depth}),
         *zeros(a.values, a.value_type),
         *zeros(a.scales, a.scale_type),
         *zeros(a.sums),
         a.bits,
         a.group_size,
         a.columns,
         *zeros({3, 40})});
  };
  EXPECT_EQ(run({}), Error::Ok);
  const Arguments eight_bits{
      {2, 16, 128},
      ScalarType::Byte,
      {2, 1, 32},
      ScalarType::Float,
      {2, 32},
      8,
      64};
  EXPECT_EQ(run(eight_bits), Error::Ok);
  std::vector<Arguments> bad(14);
  bad[0].values = {2, 7, 128};
  bad[1].value_type = ScalarType::Char;
  bad[2].scales = {2, 1, 32};
  bad[3].scale_type = ScalarType::Float;
  bad[4].sums = {1, 32};
  bad[5].bits = 3;
  bad[6].group_size = 0;
  bad[7].group_size = -32;
  bad[8].group_size = 48;
  bad[9].columns = 65;
  bad[10].columns = int64_t{1} << 60;
  bad[11].columns = -40;
  bad[12].depth = 56;
  bad[13].depth = 0;
  for (size_t i = 0; i < bad.size(); ++i) {
    EXPECT_EQ(run(bad[i]), Error::InvalidArgument) << i;
  }
}

TEST(RegisteredRowwise, RefuseWhatDoesNotFit) {
  const auto norm = [](const TensorPtr& x, const TensorPtr& weight) {
    return call(
        "voxtral_tts::rms_norm.out", {*x, *weight, 1e-5, *zeros({2, 6})});
  };
  EXPECT_EQ(norm(zeros({2, 6}), zeros({6})), Error::Ok);
  EXPECT_EQ(norm(zeros({2, 6}), zeros({5})), Error::InvalidArgument);
  EXPECT_EQ(norm(permuted({2, 6}, {1, 0}), zeros({6})), Error::InvalidArgument);
  const auto gate = [](const TensorPtr& x) {
    return call("voxtral_tts::swiglu.out", {*x, *zeros({2, 3})});
  };
  EXPECT_EQ(gate(zeros({2, 6})), Error::Ok);
  EXPECT_EQ(gate(zeros({6, 2}, ScalarType::Long)), Error::InvalidArgument);
  EXPECT_EQ(gate(permuted({2, 6}, {1, 0})), Error::InvalidArgument);
}

} // namespace
} // namespace voxtral_tts::operators
