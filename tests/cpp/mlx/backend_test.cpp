// Oracle: PyTorch's answers in data/, and the promises of mlx_backend.cpp.
#include <gmock/gmock.h>

#include <executorch/runtime/backend/interface.h>
#include <executorch/runtime/backend/options.h>
#include <mlx/mlx.h>

#include "modules.h"

namespace voxtral_tts::mlx_delegate {
namespace {

using executorch::runtime::BackendOption;
using executorch::runtime::BackendOptions;
using executorch::runtime::LoadBackendOptionsMap;
using ::testing::FloatNear;
using ::testing::Pointwise;

// float32 with another order of summation.
constexpr float kTolerance = 2e-6f;

template <typename T>
T option(const char* key) {
  BackendOption option;
  std::strncpy(option.key, key, sizeof(option.key) - 1);
  EXPECT_EQ(
      executorch::runtime::get_option("MLXBackend", {&option, 1}), Error::Ok);
  return std::get<T>(option.value);
}

Error load_on(const char* device, Module& module) {
  BackendOptions<1> options;
  EXPECT_EQ(options.set_option("device", device), Error::Ok);
  LoadBackendOptionsMap map;
  EXPECT_EQ(map.set_options("MLXBackend", options.view()), Error::Ok);
  const Error error = module.load(map);
  return error == Error::Ok ? module.load_forward() : error;
}

TEST(Backend, AnswersAsPyTorchDoes) {
  Module module(data_path("attention.pte"));
  EXPECT_THAT(
      attend_all(module),
      Pointwise(FloatNear(kTolerance), read_floats("attention.bin")));
}

TEST(Backend, AnswersAsPyTorchDoesInEveryLoadMode) {
  for (const auto mode :
       {Module::LoadMode::File,
        Module::LoadMode::Mmap,
        Module::LoadMode::MmapUseMlockIgnoreErrors}) {
    Module module(data_path("attention.pte"), mode);
    EXPECT_THAT(
        attend_all(module),
        Pointwise(FloatNear(kTolerance), read_floats("attention.bin")));
  }
}

TEST(Backend, RunsTheInitChain) {
  Module module(data_path("quantized.pte"), Module::LoadMode::Mmap);
  std::vector<float> answers;
  for (const int rows : {3, 1}) {
    const auto answer = quantized(module, rows);
    ASSERT_TRUE(answer.ok());
    answers.insert(answers.end(), answer->begin(), answer->end());
  }
  EXPECT_THAT(
      answers, Pointwise(FloatNear(kTolerance), read_floats("quantized.bin")));
}

TEST(Backend, KeepsAndOverwritesStateBetweenCalls) {
  Module module(data_path("attention.pte"));
  const auto first = attend_all(module);
  // Rows behind the position are never looked at: no reset is needed.
  EXPECT_EQ(attend_all(module), first);
}

TEST(Backend, CountsExecutesAndHostSyncs) {
  Module module(data_path("attention.pte"));
  ASSERT_TRUE(attend(module, {4, 0}).ok());
  const int executes = option<int>("executes");
  const int host_syncs = option<int>("host_syncs");
  ASSERT_TRUE(attend(module, {1, 4}).ok());
  EXPECT_EQ(option<int>("executes"), executes + 1);
  // One for all results; the position is an input, which is there already.
  EXPECT_EQ(option<int>("host_syncs"), host_syncs + 1);
}

TEST(Backend, UnknownOptionsAreNotFound) {
  BackendOptions<1> options;
  ASSERT_EQ(options.set_option("colour", 1), Error::Ok);
  EXPECT_EQ(
      executorch::runtime::get_option("MLXBackend", options.view()),
      Error::NotFound);
  EXPECT_EQ(
      executorch::runtime::set_option("MLXBackend", options.view()),
      Error::NotSupported);
}

TEST(Backend, TakesTheDeviceItIsTold) {
  Module module(data_path("attention.pte"));
  EXPECT_EQ(load_on("cpu", module), Error::Ok);
  const auto device =
      option<std::array<char, executorch::runtime::kMaxOptionValueLength>>(
          "device");
  EXPECT_STREQ(device.data(), "cpu");
  EXPECT_EQ(attend_all(module).size(), read_floats("attention.bin").size());
}

TEST(Backend, RefusesAnUnknownDevice) {
  Module module(data_path("attention.pte"));
  EXPECT_EQ(load_on("tpu", module), Error::InvalidArgument);
}

TEST(Backend, RefusesAGpuThatIsNotThere) {
  Module module(data_path("attention.pte"));
  const bool available = mlx::core::is_available(mlx::core::Device::gpu);
  EXPECT_EQ(
      load_on("gpu", module), available ? Error::Ok : Error::NotSupported);
}

TEST(Backend, LoadsAgainAfterARefusal) {
  {
    Module module(data_path("attention.pte"));
    EXPECT_NE(load_on("tpu", module), Error::Ok);
  }
  Module module(data_path("attention.pte"));
  EXPECT_EQ(load_on("auto", module), Error::Ok);
  EXPECT_EQ(attend_all(module).size(), read_floats("attention.bin").size());
}

TEST(Backend, APositionOutsideTheCacheIsAnErrorAndTheProgramLives) {
  Module module(data_path("attention.pte"));
  const auto first = attend_all(module);
  EXPECT_EQ(attend(module, {8, 12}).error(), Error::Internal);
  EXPECT_EQ(attend(module, {1, 1'000'000'000'000}).error(), Error::Internal);
  EXPECT_EQ(attend(module, {1, -1}).error(), Error::Internal);
  EXPECT_EQ(attend_all(module), first);
}

TEST(Backend, NotANumberPassesThrough) {
  Module module(data_path("attention.pte"));
  std::vector<float> x(kAttentionDim, std::nanf(""));
  int64_t position = 0;
  const auto answer = floats_of(module.forward(
      {from_blob(x.data(), {1, 1, kAttentionDim}),
       from_blob(&position, {1}, executorch::aten::ScalarType::Long)}));
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(std::isnan(answer->at(0)));
}

} // namespace
} // namespace voxtral_tts::mlx_delegate
