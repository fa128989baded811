// The safetensors file format: 8 bytes of header length, a JSON header, data.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "prompt/stored_tensor.h"

namespace voxtral_tts::prompt {

// The tensor `name` of a safetensors file, or its only tensor when it has just
// one, as a view of `file`, contiguous, its storage of exactly the size that
// shape and type ask for. Throws Error{kVoice}, without the file's name, when
//   - the header is over 16 MiB, not JSON, nested too deep, or repeats a name;
//   - the tensors do not cover the data exactly (a gap, an overlap, an excess);
//   - the tensor is missing or not of type BF16, F16 or F32.
StoredTensor read_safetensor(
    std::span<const std::byte> file, std::string_view name);

} // namespace voxtral_tts::prompt
