"""What can be exported: the options, and the one table of supported combinations."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import NamedTuple


class Combination(NamedTuple):
    """One row of the table: a backend and the values it takes for each option."""

    backend: str
    dtype: tuple[str, ...]
    qlinear: tuple[str | None, ...]
    qembedding: tuple[str | None, ...]
    qlinear_codec: tuple[str | None, ...]


SUPPORTED = (
    Combination("portable", ("fp32",), (None,), (None,), (None,)),
    Combination("xnnpack", ("fp32",), (None, "8da4w", "8da8w"), (None, "8w"), (None, "8da8w")),
    Combination(
        "mlx",
        ("fp32", "bf16", "fp16"),
        (None, "4w", "8w"),
        (None, "4w", "8w"),
        (None, "4w", "8w"),
    ),
)
PRESETS: dict[str, dict[str, str]] = {
    "cpu": {
        "backend": "xnnpack",
        "qlinear": "8da4w",
        "qembedding": "8w",
        "qlinear_codec": "8da8w",
        "kv_dtype": "bf16",
    },
    "mac": {
        "backend": "mlx",
        "dtype": "bf16",
        "qlinear": "4w",
        "qembedding": "8w",
        "qlinear_codec": "8w",
    },
}
"""What most users want, by name: the options of `ExportOptions` that differ from its defaults."""
TORCH_DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
GROUP_SIZES = (32, 64, 128)
KV_DTYPES = {"xnnpack": ("fp32", "bf16", "fp16"), "portable": ("fp32", "bf16", "fp16")}
"""The values of --kv-dtype; on other backends the cache has the model's dtype."""
MAX_FLOW_STEPS = 64
SAME = "same"
MIN_SEQ_LEN = 64  # no voice and sentence fit in fewer rows


class UnsupportedOptions(ValueError):
    """Options that cannot be exported: a combination outside SUPPORTED (the message holds the
    table), or a value that this checkpoint does not allow."""


@dataclass(frozen=True)
class ExportOptions:
    backend: str = "xnnpack"
    dtype: str = "fp32"
    qlinear: str | None = None
    qlinear_group_size: int = 32
    qembedding: str | None = None
    qlinear_codec: str | None = None
    max_seq_len: int = 4096
    debug: bool = False
    qlinear_flow: str | None = SAME  # of the flow head's layers
    qlinear_flow_group_size: int | None = None  # None: as qlinear_group_size
    kv_dtype: str | None = None  # None: fp32, on mlx the model's dtype
    flow_steps: int | None = None  # None: the checkpoint's own

    @property
    def flow_linear(self) -> str | None:
        return self.qlinear if self.qlinear_flow == SAME else self.qlinear_flow

    @property
    def flow_group_size(self) -> int:
        own = self.qlinear_flow_group_size
        return self.qlinear_group_size if own is None else own

    @property
    def cache_dtype(self) -> str:
        return self.kv_dtype or self.dtype

    def check(self) -> None:
        """Raises UnsupportedOptions."""
        rows = [row for row in SUPPORTED if row.backend == self.backend]
        if not any(
            self.dtype in row.dtype
            and self.qlinear in row.qlinear
            and self.qembedding in row.qembedding
            and self.qlinear_codec in row.qlinear_codec
            for row in rows
        ):
            raise UnsupportedOptions(
                f"--backend {self.backend} --dtype {self.dtype} --qlinear {self.qlinear or 'none'} "
                f"--qembedding {self.qembedding or 'none'} "
                f"--qlinear-codec {self.qlinear_codec or 'none'} is not supported\n"
                + supported_table()
            )
        for flag, size in (
            ("--qlinear-group-size", self.qlinear_group_size),
            ("--qlinear-flow-group-size", self.flow_group_size),
        ):
            if size not in GROUP_SIZES:
                raise UnsupportedOptions(f"{flag} {size}: one of {_join(GROUP_SIZES)}")
        if self.flow_linear not in rows[0].qlinear:
            raise UnsupportedOptions(
                f"--qlinear-flow {self.flow_linear}: same, {_join(rows[0].qlinear)}"
            )
        kv_dtypes = KV_DTYPES.get(self.backend, ())
        if self.kv_dtype is not None and self.kv_dtype not in kv_dtypes:
            values = _join(kv_dtypes) or f"only the model's own with --backend {self.backend}"
            raise UnsupportedOptions(f"--kv-dtype {self.kv_dtype}: {values}")
        if self.flow_steps is not None and not 1 <= self.flow_steps <= MAX_FLOW_STEPS:
            raise UnsupportedOptions(
                f"--flow-steps {self.flow_steps}: between 1 and {MAX_FLOW_STEPS}"
            )
        if self.max_seq_len < MIN_SEQ_LEN:
            raise UnsupportedOptions(f"--max-seq-len {self.max_seq_len}: at least {MIN_SEQ_LEN}")

    def check_room(self, largest: int) -> None:
        """`largest`: the checkpoint's own max_seq_len. Raises UnsupportedOptions."""
        if self.max_seq_len > largest:
            raise UnsupportedOptions(
                f"--max-seq-len {self.max_seq_len}: the checkpoint was made for at most {largest}; "
                f"pass --max-seq-len {largest}"
            )

    def as_dict(self) -> dict[str, str | int | bool | None]:
        return asdict(self)


def _join(values: tuple[str | int | None, ...]) -> str:
    return ", ".join("none" if value is None else str(value) for value in values)


def supported_table() -> str:
    """The combinations as a Markdown table, the same in the documentation."""
    lines = [
        "| --backend | --dtype | --qlinear | --qembedding | --qlinear-codec |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {row[0]} | " + " | ".join(_join(v) for v in row[1:]) + " |" for row in SUPPORTED]
    return "\n".join(lines)
