// The pickle inside a torch.save archive (data.pkl), read without unpickling:
// a machine for the few opcodes that describe one tensor. Nothing is imported,
// called or constructed; every other opcode or global is an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "prompt/stored_tensor.h"

namespace voxtral_tts::prompt {

// The arguments of torch._utils._rebuild_tensor_v2, none checked against the
// others. `storage_key` names the archive entry "data/<storage_key>".
struct PickledTensor {
  ElementType element_type = ElementType::kFloat32;
  std::string storage_key;
  uint64_t storage_numel = 0;  // elements in the storage
  uint64_t storage_offset = 0; // elements
  std::vector<uint64_t> shape;
  std::vector<uint64_t> strides; // elements
};

// Throws Error{kVoice}, without the file's name, unless the pickle holds just
// one plain tensor of bfloat16, float16 or float32. A dict, a list, an
// nn.Parameter and a tensor subclass are refused. At most 10,000 opcodes and
// 1,000 memo entries are read; memory use is proportional to the pickle.
PickledTensor read_pickled_tensor(std::span<const std::byte> pickle);

} // namespace voxtral_tts::prompt
