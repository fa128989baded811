#include "model/pte_program.h"

#include <algorithm>

#include <executorch/runtime/backend/backend_options_map.h>
#include <executorch/runtime/backend/interface.h>

#include "model/backends.h"
#include "model/integrity.h"
#include "model/mlx_library.h"
#include "model/planned_memory.h"
#include "model/runtime.h"
#include "model/temp_memory.h"
#include "voxtral_tts/error.h"

namespace voxtral_tts::model {

using executorch::aten::ScalarType;
using executorch::extension::Module;
using executorch::runtime::EValue;
using executorch::runtime::HierarchicalAllocator;
using executorch::runtime::Span;
using RuntimeError = executorch::runtime::Error;

namespace {

#ifdef __APPLE__
constexpr bool kMlxIsGpuOnly = true;
#else
constexpr bool kMlxIsGpuOnly = false;
#endif

constexpr const char* kReExport =
    "; re-export with this version's python -m export";

std::string describe(RuntimeError error) {
  return executorch::runtime::to_string(error);
}

[[noreturn]] void fail_load(
    const std::filesystem::path& file, const std::string& what) {
  throw Error(ErrorClass::kModelLoad, file.string() + ": " + what);
}

std::string describe(const TensorSpec& spec) {
  std::string text = executorch::runtime::toString(spec.dtype);
  text += " [";
  for (size_t i = 0; i < spec.sizes.size(); ++i) {
    text +=
        (i == 0 ? "" : ", ") +
        (spec.sizes[i] < 0 ? std::string("*") : std::to_string(spec.sizes[i]));
  }
  return text + "]";
}

bool matches(
    const TensorSpec& spec, const executorch::runtime::TensorInfo& info) {
  if (info.scalar_type() != spec.dtype ||
      info.sizes().size() != spec.sizes.size()) {
    return false;
  }
  for (size_t i = 0; i < spec.sizes.size(); ++i) {
    if (spec.sizes[i] >= 0 && info.sizes()[i] != spec.sizes[i]) {
      return false;
    }
  }
  return true;
}

// Deprecated for who would keep a method beyond its module. Module::execute
// itself allocates the list of outputs anew in every call.
executorch::runtime::Method* loaded_method(
    Module& module, const std::string& name) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  return *module.method(name);
#pragma GCC diagnostic pop
}

} // namespace

class PteProgram::PlannedMemory : public PlannedBuffers {
 public:
  PlannedMemory(
      const executorch::runtime::MethodMeta& meta, const std::string& method)
      : PlannedBuffers(sizes(meta), method) {
  }

 private:
  static std::vector<int64_t> sizes(
      const executorch::runtime::MethodMeta& meta) {
    std::vector<int64_t> result;
    for (size_t i = 0; i < meta.num_memory_planned_buffers(); ++i) {
      const auto size = meta.memory_planned_buffer_size(i);
      result.push_back(size.ok() ? *size : -1);
    }
    return result;
  }
};

struct PteProgram::Loaded {
  std::unique_ptr<PlannedMemory> memory;
  executorch::runtime::Method* method; // the module's
  std::vector<EValue> outputs;
};

PteProgram::PteProgram(std::filesystem::path file, Device device)
    : file_(std::move(file)), device_(device) {
  prepare_runtime(0);    // has an effect only when no Runner has done it
  check_readable(file_); // the runtime reports any unreadable file alike
  load_program();
  load_backends();
}

PteProgram::~PteProgram() {
  module_.reset(); // before the memory its methods use
}

void PteProgram::load_program() {
  module_ = std::make_unique<Module>(
      file_.string(),
      Module::LoadMode::Mmap,
      nullptr,
      nullptr,
      std::make_unique<TempMemory>());
  // One packed copy of a weight however often the unrolled steps use it.
  executorch::runtime::BackendOptions<1> xnnpack;
  executorch::runtime::BackendOptions<1> mlx;
  executorch::runtime::LoadBackendOptionsMap options;
  if (xnnpack.set_option("weight_cache_enabled", true) != RuntimeError::Ok ||
      mlx.set_option("device", to_string(device_)) != RuntimeError::Ok ||
      options.set_options("XnnpackBackend", xnnpack.view()) !=
          RuntimeError::Ok ||
      options.set_options(kMlxBackend, mlx.view()) != RuntimeError::Ok) {
    throw Error(ErrorClass::kInternal, "the backends' options were refused");
  }
  const RuntimeError error = module_->load(
      options, executorch::runtime::Program::Verification::InternalConsistency);
  if (error != RuntimeError::Ok) {
    fail_load(
        file_,
        "not a program this build can read (" + describe(error) + ")" +
            kReExport);
  }
  const auto names = module_->method_names();
  if (!names.ok()) {
    fail_load(file_, "its methods cannot be listed");
  }
  methods_.assign(names->begin(), names->end());
}

void PteProgram::load_backends() {
  for (const std::string& name : methods_) {
    const auto meta = module_->method_meta(name);
    for (size_t i = 0; meta.ok() && i < meta->num_backends(); ++i) {
      const auto backend = meta->get_backend_name(i);
      if (backend.ok()) {
        backends_.insert(*backend);
      }
    }
  }
  const bool needs_mlx = backends_.contains(kMlxBackend);
  check_device(file_, needs_mlx, device_, kMlxIsGpuOnly);
  const std::string problem = needs_mlx ? load_mlx_backend() : "";
  if (!problem.empty()) {
    fail_load(file_, "needs the backend 'MLXBackend': " + problem);
  }
}

std::string PteProgram::backend() const {
  return backend_of(backends_);
}

bool PteProgram::has(const std::string& name) const {
  return std::find(methods_.begin(), methods_.end(), name) != methods_.end();
}

MetadataValue PteProgram::get(const std::string& name) {
  const auto meta = module_->method_meta(name);
  if (!meta.ok() || meta->num_inputs() != 0) {
    return std::vector<int64_t>{}; // a method of that name is no value
  }
  const auto values = module_->execute(name);
  if (!values.ok()) {
    fail_load(file_, "metadata " + name + ": " + describe(values.error()));
  }
  if (values->size() == 1 && values->front().isDouble()) {
    return values->front().toDouble();
  }
  if (values->size() == 1 && values->front().isInt()) {
    return values->front().toInt();
  }
  std::vector<int64_t> list;
  for (const EValue& value : *values) {
    if (value.isIntList()) {
      const auto items = value.toIntList();
      list.insert(list.end(), items.begin(), items.end());
    } else if (value.isInt()) {
      list.push_back(value.toInt());
    }
  }
  return list;
}

void PteProgram::check_has(const std::string& name) const {
  if (!has(name)) {
    throw Error(
        ErrorClass::kModelMismatch,
        file_.string() + ": has no method '" + name + "'" + kReExport);
  }
}

MethodSpec PteProgram::signature(const std::string& name) {
  check_has(name);
  const auto meta = module_->method_meta(name);
  if (!meta.ok()) {
    fail_load(file_, "method '" + name + "': " + describe(meta.error()));
  }
  const auto spec_of = [&](const auto& info) {
    if (!info.ok()) {
      throw Error(
          ErrorClass::kModelMismatch,
          file_.string() + ": method '" + name +
              "' takes or returns something else than tensors");
    }
    return TensorSpec{
        info->scalar_type(), {info->sizes().begin(), info->sizes().end()}};
  };
  MethodSpec spec;
  for (size_t i = 0; i < meta->num_inputs(); ++i) {
    spec.inputs.push_back(spec_of(meta->input_tensor_meta(i)));
  }
  for (size_t i = 0; i < meta->num_outputs(); ++i) {
    spec.outputs.push_back(spec_of(meta->output_tensor_meta(i)));
  }
  return spec;
}

void PteProgram::load_method(
    const std::string& name,
    const MethodSpec& spec,
    executorch::runtime::EventTracer* tracer) {
  check_has(name);
  check_backends(name);
  check_signature(name, spec);
  const auto meta = module_->method_meta(name);
  auto memory = std::make_unique<PlannedMemory>(
      *meta, file_.string() + ": method '" + name + "'");
  const RuntimeError error =
      module_->load_method(name, memory->allocator(), tracer);
  if (error == RuntimeError::NotSupported && device_ == Device::kGpu) {
    throw Error(
        ErrorClass::kUsage,
        file_.string() +
            ": device gpu: MLX finds no GPU here; use device auto");
  }
  if (error != RuntimeError::Ok) {
    fail_load(
        file_, "method '" + name + "' does not load (" + describe(error) + ")");
  }
  loaded_[name] = {
      std::move(memory),
      loaded_method(*module_, name),
      std::vector<EValue>(meta->num_outputs())};
}

void PteProgram::check_backends(const std::string& name) {
  const auto meta = module_->method_meta(name);
  if (!meta.ok()) {
    fail_load(file_, "method '" + name + "': " + describe(meta.error()));
  }
  for (size_t i = 0; i < meta->num_backends(); ++i) {
    const auto backend = meta->get_backend_name(i);
    if (backend.ok() &&
        executorch::runtime::get_backend_class(*backend) == nullptr) {
      fail_load(
          file_,
          "needs the backend '" + std::string(*backend) +
              "', which this build does not have");
    }
  }
}

void PteProgram::check_signature(
    const std::string& name, const MethodSpec& spec) {
  const auto meta = module_->method_meta(name);
  const auto mismatch = [&](const std::string& what) {
    throw Error(
        ErrorClass::kModelMismatch,
        file_.string() + ": method '" + name + "': " + what + kReExport);
  };
  if (meta->num_inputs() != spec.inputs.size() ||
      meta->num_outputs() < spec.outputs.size()) {
    mismatch(
        std::to_string(meta->num_inputs()) + " inputs and " +
        std::to_string(meta->num_outputs()) + " outputs, expected " +
        std::to_string(spec.inputs.size()) + " and " +
        std::to_string(spec.outputs.size()));
  }
  for (size_t i = 0; i < spec.inputs.size(); ++i) {
    const auto info = meta->input_tensor_meta(i);
    if (!info.ok() || !matches(spec.inputs[i], *info)) {
      mismatch(
          "input " + std::to_string(i) + " is not " + describe(spec.inputs[i]));
    }
  }
  for (size_t i = 0; i < spec.outputs.size(); ++i) {
    const auto info = meta->output_tensor_meta(i);
    if (!info.ok() || !matches(spec.outputs[i], *info)) {
      mismatch(
          "output " + std::to_string(i) + " is not " +
          describe(spec.outputs[i]));
    }
  }
}

const std::vector<EValue>& PteProgram::execute(
    const std::string& name, const std::vector<EValue>& inputs) {
  Loaded& loaded = loaded_.at(name);
  RuntimeError error = RuntimeError::Ok;
  for (size_t i = 0; i < inputs.size() && error == RuntimeError::Ok; ++i) {
    error = loaded.method->set_input(inputs[i], i);
  }
  if (error == RuntimeError::Ok) {
    error = loaded.method->execute();
  }
  if (error == RuntimeError::Ok) {
    error = loaded.method->get_outputs(
        loaded.outputs.data(), loaded.outputs.size());
  }
  if (error != RuntimeError::Ok) {
    throw Error(
        ErrorClass::kInternal,
        file_.string() + ": method '" + name + "' failed (" + describe(error) +
            ")");
  }
  return loaded.outputs;
}

executorch::extension::TensorPtr tensor_over(
    std::span<float> data, std::vector<executorch::aten::SizesType> sizes) {
  return executorch::extension::from_blob(
      data.data(), std::move(sizes), ScalarType::Float);
}

executorch::extension::TensorPtr tensor_over(
    std::span<int64_t> data, std::vector<executorch::aten::SizesType> sizes) {
  return executorch::extension::from_blob(
      data.data(), std::move(sizes), ScalarType::Long);
}

template <typename T>
std::span<const T> output_data(
    const std::vector<EValue>& outputs,
    size_t index,
    size_t size,
    const char* what) {
  constexpr ScalarType kType =
      std::is_same_v<T, float> ? ScalarType::Float : ScalarType::Long;
  if (index >= outputs.size() || !outputs[index].isTensor() ||
      outputs[index].toTensor().scalar_type() != kType ||
      static_cast<size_t>(outputs[index].toTensor().numel()) != size) {
    throw Error(
        ErrorClass::kInternal,
        std::string("the program returned something else than ") + what);
  }
  return {outputs[index].toTensor().const_data_ptr<T>(), size};
}

template std::span<const float> output_data<float>(
    const std::vector<EValue>&, size_t, size_t, const char*);
template std::span<const int64_t> output_data<int64_t>(
    const std::vector<EValue>&, size_t, size_t, const char*);

} // namespace voxtral_tts::model
