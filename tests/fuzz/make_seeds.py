"""Writes the seed inputs of the fuzz targets: make_seeds.py FOLDER, one folder per target."""

from __future__ import annotations

import json
import struct
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
VOICES = ROOT / "tests" / "data" / "voices"
MLX_PROGRAMS = ROOT / "tests" / "cpp" / "mlx" / "data"
# The true pattern in text.cpp; these are quick to compile and reach other parts of PCRE2.
PATTERNS = (r"\S+|\s+", r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|\s+(?!\S)|.", r"(?s).")
TEXTS = (
    "Hello, world.",
    "Hell aaaa 12  [INST]</s>...\r\n",
    "naïve Öl 你好 🙂 don't",
    "\ufeff\u200b\u0301e\u0301 \u180e",
    "\x00\x7f\U0010ffff\ud7ff\ue000",
)
BLENDS = (b"a:0.6+b:0.4", b"x+y:2+C:/z.pt:.5+b:1.", b"a:1+a:1", b"a:0+b", b"a:1e3+b:nan")
BROKEN = (b"\x80", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe4\xbd", b"a\xff")


def pickle_seeds() -> dict[str, bytes]:
    seeds = {}
    for path in VOICES.glob("*.pt"):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                name = next(n for n in archive.namelist() if n.endswith("data.pkl"))
                seeds[path.stem] = archive.read(name)
    return seeds


def tekken(pattern: str, vocab: str = "@", **config: int) -> bytes:
    """A tekken.json, where @ stands for the first 256 rows."""
    sizes = {"default_vocab_size": 266, "default_num_special_tokens": 10} | config
    special = [{"rank": i, "token_str": t} for i, t in ((3, "[INST]"), (5, "[BEGIN_AUDIO]"))]
    return (
        f'{{"config":{json.dumps({"pattern": pattern} | sizes)},"vocab":[{vocab}],'
        f'"special_tokens":{json.dumps(special)},'
        '"audio":{"voice_num_audio_tokens":{"a":2,"b":147}}}'
    ).encode()


def tekken_seeds() -> dict[str, bytes]:
    seeds = {f"pattern{i}": tekken(pattern) for i, pattern in enumerate(PATTERNS)}
    merged = '@,{"rank":256,"token_bytes":"SGU="},{"rank":257,"token_bytes":"bGw="}'
    seeds["merges"] = tekken(PATTERNS[0], merged, default_vocab_size=268)
    seeds["truncated"] = tekken(PATTERNS[0], merged)
    seeds["too_few"] = tekken(PATTERNS[0], default_vocab_size=1000)
    return seeds


def sha(digit: str) -> str:
    return digit * 64


def manifest_seeds() -> dict[str, bytes]:
    whole = {"bytes": 10, "sha256": sha("a")}
    interpreted = {"ranges": [[0, 4], [6, 2]], "sha256": sha("0")}
    names = {"old": whole, "new": whole | {"interpreted": interpreted}}
    return {
        name: json.dumps({"format_version": 1, "files": {"model.pte": entry}}).encode()
        for name, entry in names.items()
    }


def payload_of(program: bytes) -> bytes:
    """The delegate's payload: a header of 24 bytes, whose second word is the FlatBuffer's end."""
    begin = program.rindex(b"MLX0") - 4
    return program[begin : begin + struct.unpack_from("<Q", program, begin + 8)[0]]


def all_seeds() -> dict[str, dict[str, bytes]]:
    floats = struct.pack("<B3s4sB", 3, b"\x01\xff", b"\x00\x00\xc0\x7f", 100)
    return {
        "blend": {str(i): text for i, text in enumerate(BLENDS)},
        "voice_pt": {p.name: p.read_bytes() for p in VOICES.glob("*.pt")},
        "pickle": pickle_seeds(),
        "voice_safetensors": {p.name: p.read_bytes() for p in VOICES.glob("*.safetensors")},
        "tekken": tekken_seeds(),
        "text": {str(i): t for i, t in enumerate([*(t.encode() for t in TEXTS), *BROKEN])},
        "wav": {f"{m}{n}": bytes([m, n]) + floats for m in range(4) for n in (0, 3)},
        "manifest": manifest_seeds(),
        "prefix": {"same": b"", "longer": b"\x01", "version": b"\0" * 9 + b"\x01"},
        "mlx_payload": {p.stem: payload_of(p.read_bytes()) for p in MLX_PROGRAMS.glob("*.pte")},
    }


def main() -> None:
    for target, seeds in all_seeds().items():
        folder = Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in seeds.items():
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
