"""Exports the small programs of data/ for the MLX delegate, with PyTorch's answers.

usage, from the repository's root: python -m tests.cpp.mlx.make_data

attention.pte: a transformer block with a KV cache; quantized.pte: a 4-bit
linear layer, whose biases its init chain makes. NAME.bin holds the float32
outputs of the calls that CALLS lists, one behind the other.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import Dim

from export.mlx_schema import ensure_mlx_schema

ensure_mlx_schema()

from executorch.backends.mlx import MLXPartitioner, custom_ops  # noqa: E402, F401
from executorch.backends.mlx.passes import get_default_passes  # noqa: E402
from executorch.exir import (  # noqa: E402
    EdgeCompileConfig,
    ExecutorchBackendConfig,
    to_edge_transform_and_lower,
)

from export.mlx_quantize import pack  # noqa: E402

DATA = Path(__file__).parent / "data"
CAPACITY = 16
HEAD = 8
DIM = 16
# Rows and position of each call.
CALLS = ((4, 0), (1, 4), (1, 5), (8, 6))


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(DIM, eps=1e-5)
        self.q = nn.Linear(DIM, 2 * HEAD, bias=False)
        self.k = nn.Linear(DIM, HEAD, bias=False)
        self.v = nn.Linear(DIM, HEAD, bias=False)
        self.o = nn.Linear(2 * HEAD, DIM)
        self.register_buffer("k_cache", torch.zeros(1, 1, CAPACITY, HEAD))
        self.register_buffer("v_cache", torch.zeros(1, 1, CAPACITY, HEAD))

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        rows = x.shape[1]
        start = position.item()
        torch._check(start >= 0)
        torch._check(start + rows <= CAPACITY)
        y = self.norm(x)
        q, k, v = (
            layer(y).view(1, rows, -1, HEAD).transpose(1, 2) for layer in (self.q, self.k, self.v)
        )
        ops = torch.ops.mlx
        q = ops.rope(q, HEAD, start, True, 10000.0, 1.0, None)
        k = ops.rope(k, HEAD, start, True, 10000.0, 1.0, None)
        ops.kv_cache_update(self.k_cache, k, start)
        ops.kv_cache_update(self.v_cache, v, start)
        y = ops.custom_sdpa(
            q, self.k_cache, self.v_cache, start_pos=start, is_causal=True, scale=HEAD**-0.5
        )
        return x + self.o(y.transpose(1, 2).reshape(1, rows, -1))


class Quantized(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        q = torch.randint(-8, 8, (8, 64), dtype=torch.int8)
        self.register_buffer("w", pack(q, 4))
        self.register_buffer("scales", torch.rand(8, 2) / 8)

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.voxtral_tts_mlx.linear(x, self.w, self.scales, 32, 4)


def example(*shape: int) -> Tensor:
    """sin(1), sin(2), ..."""
    count = torch.Size(shape).numel()
    return torch.sin(torch.arange(1, count + 1, dtype=torch.float64)).float().view(shape)


def write(name: str, module: nn.Module, calls: list[tuple[Tensor, ...]], dynamic: object) -> None:
    exported = torch.export.export(module, calls[0], dynamic_shapes=dynamic, strict=True)
    program = to_edge_transform_and_lower(
        exported,
        partitioner=[MLXPartitioner()],
        transform_passes=get_default_passes(),
        compile_config=EdgeCompileConfig(_check_ir_validity=False, _skip_dim_order=True),
    ).to_executorch(ExecutorchBackendConfig(extract_delegate_segments=True))
    (DATA / f"{name}.pte").write_bytes(program.buffer)
    with torch.no_grad():
        answers = b"".join(module(*call).numpy().tobytes() for call in calls)
    (DATA / f"{name}.bin").write_bytes(answers)


def main() -> None:
    torch.manual_seed(0)
    DATA.mkdir(exist_ok=True)
    rows = Dim("rows", min=1, max=8)
    calls = [(example(1, n, DIM), torch.tensor([position])) for n, position in CALLS]
    write("attention", Attention().eval(), calls, ({1: rows}, None))
    write("quantized", Quantized().eval(), [(example(n, 64),) for n in (3, 1)], ({0: rows},))


if __name__ == "__main__":
    main()
