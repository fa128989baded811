"""Writes tests/data/voices: voice files as torch.save writes them, and expected.json.

expected.json maps each file to the float32 values that PyTorch reads from it
("values", one list per row), or to a part of the message that refuses it
("error"). Run: python tests/golden/generate_voices.py
"""

import io
import json
import os
import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

DIM = 8
OUTPUT = Path(__file__).parents[1] / "data" / "voices"


class RunsACommand:
    """Pickles to a call of os.system, as an attack would."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch voxtral_tts_was_attacked",)


def rows(count: int, dtype: torch.dtype) -> torch.Tensor:
    generator = torch.Generator().manual_seed(count)
    return torch.randn(count, DIM, generator=generator).to(dtype)


def extreme_halves() -> torch.Tensor:
    """Subnormal, largest, negative zero: the corner cases of float16."""
    values = [2.0**-24, -(2.0**-14) * 1023 / 1024, 2.0**-14, 65504, -65504, -0.0, 0.0, 1 / 3]
    return torch.tensor([values], dtype=torch.float16)


def accepted() -> dict[str, Any]:
    base = rows(10, torch.float32)
    return {
        "bf16.pt": rows(3, torch.bfloat16),
        "fp16.pt": rows(4, torch.float16),
        "fp16_extremes.pt": extreme_halves(),
        "fp32.pt": rows(5, torch.float32),
        "slice.pt": base[2:5],
        "every_other_row.pt": base[1::3],
        "transposed.pt": rows(DIM, torch.bfloat16)[:, 2:5].t(),
        "expanded.pt": rows(1, torch.float32).expand(3, DIM),
        "requires_grad.pt": rows(2, torch.float32).requires_grad_(),
        "strange prefix.v2.pt": rows(2, torch.bfloat16),
    }


def refused() -> dict[str, tuple[Any, str]]:
    nan, infinite = rows(2, torch.float32), rows(2, torch.bfloat16)
    nan[1, 3] = float("nan")
    infinite[0, 7] = float("inf")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantized = torch.quantize_per_tensor(rows(2, torch.float32), 0.1, 0, torch.qint8)
    return {
        "parameter.pt": (torch.nn.Parameter(rows(2, torch.float32)), "_rebuild_parameter"),
        "dict.pt": ({"embedding": rows(2, torch.float32)}, "opcode"),
        "list.pt": ([rows(2, torch.float32)], "opcode"),
        "tuple.pt": ((rows(2, torch.float32),), "something else than a tensor"),
        "nan.pt": (nan, "row 1, column 3 is NaN"),
        "infinity.pt": (infinite, "row 0, column 7 is NaN or infinite"),
        "no_rows.pt": (rows(2, torch.float32)[:0], "0 rows"),
        "one_dimension.pt": (rows(2, torch.float32)[0], "its shape is [8]"),
        "three_dimensions.pt": (rows(2, torch.float32)[None], "its shape is [1, 2, 8]"),
        "other_dim.pt": (rows(2, torch.float32)[:, :6], "its shape is [2, 6]"),
        "too_many_rows.pt": (rows(33, torch.bfloat16), "33 rows"),
        "float64.pt": (rows(2, torch.float64), "DoubleStorage"),
        "int8.pt": (torch.ones(2, DIM, dtype=torch.int8), "CharStorage"),
        "quantized.pt": (quantized, "not allowed"),
        "conjugate.pt": (torch.ones(2, DIM, dtype=torch.complex64).conj().imag, "not allowed"),
        "os_system.pt": (RunsACommand(), "system'"),
    }


def save(value: Any, name: str, **options: Any) -> None:
    if "prefix" in name:
        torch.save(value, OUTPUT / name, **options)  # the prefix is the file's name
    else:
        buffer = io.BytesIO()
        torch.save(value, buffer, **options)  # the prefix is "archive"
        (OUTPUT / name).write_bytes(buffer.getvalue())


def main() -> None:
    torch.set_num_threads(1)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    expected: dict[str, Any] = {}
    for name, tensor in accepted().items():
        save(tensor, name)
        expected[name] = {"values": torch.load(OUTPUT / name).float().tolist()}
    for protocol in (3, 4, 5):
        name = f"protocol{protocol}.pt"
        save(rows(2, torch.bfloat16), name, pickle_protocol=protocol)
        expected[name] = {"values": rows(2, torch.bfloat16).float().tolist()}
    for name, (value, message) in refused().items():
        save(value, name)
        expected[name] = {"error": message}
    torch.save(rows(2, torch.float32), OUTPUT / "legacy.pt", _use_new_zipfile_serialization=False)
    expected["legacy.pt"] = {"error": "zip archive"}
    named = {"other": rows(1, torch.float32), "embedding": rows(3, torch.bfloat16)}
    save_file(named, OUTPUT / "named.safetensors", {"origin": "test"})
    expected["named.safetensors"] = {"values": named["embedding"].float().tolist()}
    save_file({"x": rows(2, torch.float16)}, OUTPUT / "single.safetensors")
    expected["single.safetensors"] = {"values": rows(2, torch.float16).float().tolist()}
    save_file({"x": rows(1, torch.float64)}, OUTPUT / "float64.safetensors")
    expected["float64.safetensors"] = {"error": "F64"}
    for path in OUTPUT.glob("*.safetensors"):
        path.chmod(0o644)  # safetensors creates them private
    (OUTPUT / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
