// "MLXBackend" of ExecuTorch. Nothing thrown leaves this file: it is logged
// and becomes an Error.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <string_view>

#include <executorch/runtime/backend/interface.h>
#include <executorch/runtime/kernel/thread_parallel_interface.h>
#include <executorch/runtime/platform/log.h>

#include "backend/backend_error.h"
#include "backend/program.h"

namespace voxtral_tts::mlx_delegate {
namespace {

using executorch::runtime::ArrayRef;
using executorch::runtime::BackendExecutionContext;
using executorch::runtime::BackendInitContext;
using executorch::runtime::BackendInterface;
using executorch::runtime::BackendOption;
using executorch::runtime::BackendOptionContext;
using executorch::runtime::CompileSpec;
using executorch::runtime::DelegateHandle;
using executorch::runtime::Error;
using executorch::runtime::EValue;
using executorch::runtime::FreeableBuffer;
using executorch::runtime::Result;
using executorch::runtime::Span;

constexpr char kName[] = "MLXBackend";

// What get_option tells, of the whole process.
struct Totals {
  std::atomic<unsigned> executes{0};
  std::atomic<unsigned> host_syncs{0};
  std::atomic<bool> on_gpu{false}; // the program loaded last
};
Totals totals;

// MLX's graph is built and evaluated by one thread at a time.
std::mutex mlx_mutex;

// Runs `body`, which returns an Error.
template <typename Body>
Error guarded(const char* what, Body body) {
  try {
    const std::lock_guard lock(mlx_mutex);
    return body();
  } catch (const PayloadError& error) {
    ET_LOG(Error, "%s: %s: %s", kName, what, error.what());
    return Error::DelegateInvalidCompatibility;
  } catch (const BackendError& error) {
    ET_LOG(Error, "%s: %s: %s", kName, what, error.what());
    return error.code;
  } catch (const std::bad_alloc&) {
    ET_LOG(Error, "%s: %s: out of memory", kName, what);
    return Error::DelegateMemoryAllocationFailed;
  } catch (const std::exception& error) {
    ET_LOG(Error, "%s: %s: %s", kName, what, error.what());
    return Error::Internal;
  } catch (...) {
    ET_LOG(Error, "%s: %s: an unknown exception", kName, what);
    return Error::Internal;
  }
}

mx::Device device_of(const BackendInitContext& context) {
  const auto spec = context.get_runtime_spec<const char*>("device");
  if (!spec.ok() && spec.error() != Error::NotFound) {
    throw BackendError(spec.error(), "option 'device' is not a string");
  }
  const std::string_view wanted = spec.ok() ? *spec : "auto";
  if (wanted == "cpu") {
    return mx::Device::cpu;
  }
  if (wanted != "auto" && wanted != "gpu") {
    throw BackendError(
        Error::InvalidArgument,
        "option 'device' is '" + std::string(wanted) +
            "', not auto, gpu or cpu");
  }
  if (mx::is_available(mx::Device::gpu)) {
    return mx::Device::gpu;
  }
  if (wanted == "gpu") {
    throw BackendError(
        Error::NotSupported,
        "device 'gpu': this MLX has no GPU backend, or finds no GPU");
  }
  return mx::Device::cpu;
}

Program::Options options_of(const BackendInitContext& context) {
  // clear_cache_interval and cache_key are for Metal's buffer cache and for a
  // cache outside the program; there is neither here.
  const auto skip = context.get_runtime_spec<bool>("skip_mutable_buffer_init");
  return {device_of(context), !(skip.ok() && *skip)};
}

void put(BackendOption& option, const char* text) {
  auto& value = option.value.emplace<2>();
  std::strncpy(value.data(), text, value.size() - 1);
}

class MlxBackend final : public BackendInterface {
 public:
  bool is_available() const override {
    return true;
  }

  Result<DelegateHandle*> init(
      BackendInitContext& context,
      FreeableBuffer* processed,
      ArrayRef<CompileSpec> compile_specs) const override {
    // The pool logs when it is made. A host that logs under a lock which this
    // thread holds, such as Python's, must not see that happen on MLX's thread.
    executorch::extension::get_thread_count();
    std::unique_ptr<Program> program;
    const Error error = guarded("load", [&] {
      const auto data = processed->data_safe();
      if (!data.ok()) {
        return data.error();
      }
      const auto* bytes = static_cast<const std::byte*>(*data);
      const auto options = options_of(context);
      program = std::make_unique<Program>(
          std::span(bytes, processed->size()),
          context.get_named_data_map(),
          options);
      totals.host_syncs += static_cast<unsigned>(program->host_syncs());
      totals.on_gpu = options.device == mx::Device::gpu;
      return Error::Ok;
    });
    if (error != Error::Ok) {
      return error;
    }
    processed->Free(); // all of it was decoded
    return program.release();
  }

  Error execute(
      BackendExecutionContext& context,
      DelegateHandle* handle,
      Span<EValue*> args) const override {
    if (handle == nullptr) {
      return Error::DelegateInvalidHandle;
    }
    auto& program = *static_cast<Program*>(handle);
    return guarded("execute", [&] {
      const int64_t before = program.host_syncs();
      ++totals.executes;
      program.execute(args);
      totals.host_syncs += static_cast<unsigned>(program.host_syncs() - before);
      return Error::Ok;
    });
  }

  void destroy(DelegateHandle* handle) const override {
    (void)guarded("destroy", [&] {
      delete static_cast<Program*>(handle);
      return Error::Ok;
    });
  }

  // "executes", "host_syncs": int, since the process began. "device": string,
  // of the program that was loaded last.
  Error get_option(
      BackendOptionContext& context, Span<BackendOption>& options) override {
    for (BackendOption& option : options) {
      const std::string_view key(option.key);
      if (key == "executes") {
        option.value = static_cast<int>(totals.executes.load());
      } else if (key == "host_syncs") {
        option.value = static_cast<int>(totals.host_syncs.load());
      } else if (key == "device") {
        put(option, totals.on_gpu ? "gpu" : "cpu");
      } else {
        return Error::NotFound;
      }
    }
    return Error::Ok;
  }

  // Everything that can be set is set when a program is loaded.
  Error set_option(
      BackendOptionContext& context,
      const Span<BackendOption>& options) override {
    return options.empty() ? Error::Ok : Error::NotSupported;
  }
};

// Of two copies in one process the first one serves.
const bool registered = [] {
  static MlxBackend backend;
  if (executorch::runtime::get_backend_class(kName) != nullptr) {
    return false;
  }
  return executorch::runtime::register_backend({kName, &backend}) == Error::Ok;
}();

} // namespace
} // namespace voxtral_tts::mlx_delegate
