// A loaded .pte file. The only place that sees the runtime's error codes; they
// leave as Error.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <executorch/extension/module/module.h>
#include <executorch/extension/tensor/tensor.h>

#include "model/kv_buffer.h"
#include "model/metadata.h"
#include "voxtral_tts/options.h"

namespace voxtral_tts::model {

// Dtype and rank of one input or output, as the contract states it. `sizes`
// holds upper bounds for dynamic axes; -1 accepts any size.
struct TensorSpec {
  executorch::aten::ScalarType dtype;
  std::vector<int64_t> sizes;
};

struct MethodSpec {
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs; // a prefix: debug exports add more
};

// Not thread-safe; different programs may be used from different threads.
class PteProgram : public MetadataSource {
 public:
  // Maps and verifies the file. Throws Error{kModelLoad}, and Error{kUsage}
  // when the program cannot run on `device`.
  PteProgram(std::filesystem::path file, Device device);
  ~PteProgram() override;

  const std::filesystem::path& file() const noexcept {
    return file_;
  }
  // As backend_of() names it.
  std::string backend() const;

  bool has(const std::string& name) const override;
  MetadataValue get(const std::string& name) override;

  // What the file says of a method, upper bounds for dynamic axes. Throws
  // Error{kModelMismatch} for a missing method and what is not a tensor.
  MethodSpec signature(const std::string& name);

  // Loads a method and its delegates after comparing its signature with `spec`.
  // Throws Error{kModelMismatch} for a missing method or another signature,
  // Error{kModelLoad} when a backend is absent or refuses it. `tracer` is told
  // of every instruction and outlives the program.
  void load_method(
      const std::string& name,
      const MethodSpec& spec,
      executorch::runtime::EventTracer* tracer = nullptr);

  // Runs a loaded method; allocates nothing itself. The outputs, and the
  // tensors in them, live until the method's next execution. Throws
  // Error{kInternal}.
  const std::vector<executorch::runtime::EValue>& execute(
      const std::string& name,
      const std::vector<executorch::runtime::EValue>& inputs);

  // The KV cache of a loaded method, sorted by name. Empty when it lies inside
  // a delegate, or when the method has state that is not a cache of at least
  // `rows` rows.
  std::vector<KvBuffer> kv_buffers(const std::string& name, int64_t rows);

 private:
  class PlannedMemory;

  struct Loaded;

  void check_has(const std::string& name) const;
  void load_program();
  void load_backends();
  void check_signature(const std::string& name, const MethodSpec& spec);
  void check_backends(const std::string& name);

  std::filesystem::path file_;
  std::unique_ptr<executorch::extension::Module> module_;
  Device device_;
  std::vector<std::string> methods_;
  std::set<std::string> backends_; // of all methods, by the runtime's names
  std::map<std::string, Loaded> loaded_;
};

// A float or int64 tensor over memory of the caller's, which must outlive it.
executorch::extension::TensorPtr tensor_over(
    std::span<float> data, std::vector<executorch::aten::SizesType> sizes);
executorch::extension::TensorPtr tensor_over(
    std::span<int64_t> data, std::vector<executorch::aten::SizesType> sizes);

// The data of an output tensor. Throws Error{kInternal} unless it has this
// dtype and number of elements; `what` names it.
template <typename T>
std::span<const T> output_data(
    const std::vector<executorch::runtime::EValue>& outputs,
    size_t index,
    size_t size,
    const char* what);

} // namespace voxtral_tts::model
