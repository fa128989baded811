// PteProgram::kv_buffers. A program exported with the names of its mutable
// buffers shows them as attributes; what a delegate holds it does not show.
#include <algorithm>

#include "model/pte_program.h"
#include "voxtral_tts/log.h"

namespace voxtral_tts::model {
namespace {

std::string format_of(const executorch::aten::Tensor& tensor) {
  std::string text = executorch::runtime::toString(tensor.scalar_type());
  text += " [";
  for (const auto size : tensor.sizes()) {
    text += (text.back() == '[' ? "" : ", ") + std::to_string(size);
  }
  return text + "]";
}

bool is_kv_cache(
    std::string_view name,
    const executorch::aten::Tensor& tensor,
    int64_t rows) {
  return (name.ends_with("k_cache") || name.ends_with("v_cache")) &&
         tensor.dim() >= 2 && tensor.size(0) == 1 && tensor.size(1) >= rows &&
         tensor.mutable_data_ptr() != nullptr;
}

} // namespace

std::vector<KvBuffer> PteProgram::kv_buffers(
    const std::string& name, int64_t rows) {
  const auto meta = module_->method_meta(name);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  // Deprecated for running a method past its module, which is not done here.
  const auto method = module_->method(name);
#pragma GCC diagnostic pop
  std::vector<KvBuffer> buffers;
  if (!meta.ok() || !method.ok()) {
    return buffers;
  }
  for (size_t i = 0; i < meta->num_attributes(); ++i) {
    const auto info = meta->attribute_tensor_meta(i);
    const auto tensor =
        info.ok() ? (*method)->get_attribute(info->name())
                  : executorch::runtime::Result<executorch::aten::Tensor>(
                        info.error());
    // State that is not understood cannot be copied by rows.
    if (!tensor.ok() || !is_kv_cache(info->name(), *tensor, rows)) {
      log_debug(
          "%s: the mutable buffer %zu of '%s' is no KV cache of %lld rows: "
          "voices are not copied",
          file_.c_str(),
          i,
          name.c_str(),
          static_cast<long long>(rows));
      return {};
    }
    const size_t capacity = static_cast<size_t>(tensor->size(1));
    buffers.push_back(
        {std::string(info->name()),
         format_of(*tensor),
         {static_cast<std::byte*>(tensor->mutable_data_ptr()),
          tensor->nbytes()},
         tensor->nbytes() / capacity});
  }
  std::ranges::sort(buffers, {}, &KvBuffer::name);
  return buffers;
}

} // namespace voxtral_tts::model
