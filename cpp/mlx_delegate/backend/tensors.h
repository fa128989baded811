// Tensors between ExecuTorch and MLX.
#pragma once

#include <executorch/runtime/core/exec_aten/exec_aten.h>
#include <mlx/mlx.h>

#include "graph/graph.h"

namespace voxtral_tts::mlx_delegate {

namespace mx = mlx::core;

// Uninitialised memory of MLX's own.
mx::array new_array(const mx::Shape& shape, mx::Dtype dtype);
mx::array new_copy(const void* data, const mx::Shape& shape, mx::Dtype dtype);

// Of a static tensor.
mx::Shape shape_of(const TensorMeta& meta);

// A copy of an argument, which must be as `meta` says, and contiguous. These
// throw BackendError{InvalidArgument}.
mx::array read_input(
    const executorch::aten::Tensor& tensor, const TensorMeta& meta);

// Resizes `out` and copies `result` to it, which is evaluated, row-contiguous
// and of out's type.
void write_output(const mx::array& result, executorch::aten::Tensor& out);

} // namespace voxtral_tts::mlx_delegate
