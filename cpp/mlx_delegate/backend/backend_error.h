// An exception with the code that ExecuTorch gets for it.
#pragma once

#include <stdexcept>
#include <string>

#include <executorch/runtime/core/error.h>

namespace voxtral_tts::mlx_delegate {

struct BackendError : std::runtime_error {
  BackendError(executorch::runtime::Error error, const std::string& message)
      : std::runtime_error(message), code(error) {
  }

  executorch::runtime::Error code;
};

} // namespace voxtral_tts::mlx_delegate
