// Oracle: the promises of backends.h and mlx_library.h.
#include "model/backends.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include <executorch/runtime/backend/interface.h>

#include "model/mlx_library.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::model {
namespace {

using ::testing::HasSubstr;
using namespace executorch::runtime;

constexpr const char* kNoSuchVersion = "0.0.0";

// A folder that goes away with the test.
class Folder {
 public:
  Folder() {
    std::filesystem::create_directories(path);
  }
  ~Folder() {
    std::filesystem::remove_all(path);
  }
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() /
      ("voxtral_tts_mlx_" + std::to_string(::getpid()));
};

// Counts as our MLX delegate does, where that is not loaded.
class CountingBackend final : public BackendInterface {
 public:
  bool is_available() const override {
    return true;
  }
  Result<DelegateHandle*> init(
      BackendInitContext&,
      FreeableBuffer*,
      ArrayRef<CompileSpec>) const override {
    return executorch::runtime::Error::NotSupported;
  }
  executorch::runtime::Error execute(
      BackendExecutionContext&, DelegateHandle*, Span<EValue*>) const override {
    return executorch::runtime::Error::NotSupported;
  }
  executorch::runtime::Error get_option(
      BackendOptionContext&, Span<BackendOption>& options) override {
    for (BackendOption& option : options) {
      if (tells) {
        option.value = std::strcmp(option.key, "executes") == 0 ? 7 : 9;
      }
    }
    return executorch::runtime::Error::Ok;
  }

  bool tells = true;
};

void expect_refused(
    bool needs_mlx, Device device, bool gpu_only, const char* remedy) {
  try {
    check_device("a.pte", needs_mlx, device, gpu_only);
    FAIL() << "accepted";
  } catch (const voxtral_tts::Error& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("a.pte"));
    EXPECT_THAT(error.what(), HasSubstr(to_string(device)));
    EXPECT_THAT(error.what(), HasSubstr(remedy));
  }
}

TEST(Device, NamesAreReadBack) {
  for (const Device device : {Device::kAuto, Device::kGpu, Device::kCpu}) {
    EXPECT_EQ(device_from(to_string(device)), device);
  }
  EXPECT_EQ(device_from("GPU"), std::nullopt);
  EXPECT_EQ(device_from(""), std::nullopt);
}

TEST(Device, ARefusalNamesFileDeviceAndRemedy) {
  expect_refused(false, Device::kGpu, false, "--backend mlx");
  expect_refused(false, Device::kGpu, true, "--backend mlx");
  expect_refused(true, Device::kCpu, true, "--backend xnnpack");
}

TEST(Device, EverythingElseIsAccepted) {
  for (const bool gpu_only : {false, true}) {
    check_device("a.pte", false, Device::kAuto, gpu_only);
    check_device("a.pte", false, Device::kCpu, gpu_only);
    check_device("a.pte", true, Device::kAuto, gpu_only);
    check_device("a.pte", true, Device::kGpu, gpu_only);
  }
  check_device("a.pte", true, Device::kCpu, false);
}

TEST(Backend, IsNamedAsTheExporterDoes) {
  EXPECT_EQ(backend_of({}), "portable");
  EXPECT_EQ(backend_of({"XnnpackBackend"}), "xnnpack");
  EXPECT_EQ(backend_of({"MLXBackend"}), "mlx");
  EXPECT_EQ(backend_of({"CoreMLBackend"}), "CoreMLBackend"); // not ours
  EXPECT_EQ(
      backend_of({"XnnpackBackend", "CoreMLBackend"}), "CoreMLBackend+xnnpack");
}

TEST(MlxLibrary, AMissingOneIsNamedWithTheRemedy) {
  const std::string problem = load_mlx_backend("/nowhere", kNoSuchVersion);
  EXPECT_THAT(problem, HasSubstr("/nowhere/libvoxtral_tts_mlx.so"));
  EXPECT_THAT(problem, HasSubstr("pip install 'voxtral_tts[mlx]'"));
}

// With MLX the version differs, without it does not load: both say what to do.
TEST(MlxLibrary, MlxOfAnotherVersionIsNotUsed) {
  const Folder folder;
  std::ofstream(folder.path / "libvoxtral_tts_mlx.so") << "never loaded";
  const std::string problem = load_mlx_backend(folder.path, kNoSuchVersion);
  EXPECT_THAT(problem, HasSubstr("MLX"));
  EXPECT_THAT(problem, HasSubstr("'mlx[cpu]==0.0.0'"));
}

TEST(MlxCounters, AreReadFromABackendThatTells) {
  if (get_backend_class(kMlxBackend) != nullptr) {
    GTEST_SKIP() << "a delegate is registered already";
  }
  EXPECT_FALSE(mlx_counters());
  static CountingBackend backend;
  ASSERT_EQ(
      register_backend({kMlxBackend, &backend}),
      executorch::runtime::Error::Ok);
  const auto counters = mlx_counters();
  ASSERT_TRUE(counters);
  EXPECT_EQ(counters->executes, 7U);
  EXPECT_EQ(counters->host_syncs, 9U);
  backend.tells = false;
  EXPECT_FALSE(mlx_counters());
}

} // namespace
} // namespace voxtral_tts::model
