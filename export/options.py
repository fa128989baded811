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
TORCH_DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
GROUP_SIZES = (32, 64, 128)
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
        if self.qlinear_group_size not in GROUP_SIZES:
            raise UnsupportedOptions(
                f"--qlinear-group-size {self.qlinear_group_size}: one of {_join(GROUP_SIZES)}"
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
