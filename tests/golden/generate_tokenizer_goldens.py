"""Writes the tokenizer goldens with mistral-common as the oracle.

    python generate_tokenizer_goldens.py tekken.json ../data/golden

Needs mistral-common, which the other tests do not. `tekken.json` is an output of
make_tekken.py. The result depends on the installed versions alone; see
tests/data/golden/README.md for them and for the format.
"""

from __future__ import annotations

import argparse
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tiktoken
from mistral_common.protocol.speech.request import SpeechRequest
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from tokenizer_corpus import LONG_RUNS, PROMPTS, all_texts

# Classes that Tekken's pattern names, and what Unicode leaves unassigned.
CLASSES = [r"\p{Lu}", r"\p{Lt}", r"\p{Lm}", r"\p{Lo}", r"\p{Ll}"]
CLASSES += [r"\p{L}", r"\p{M}", r"\p{N}", r"\s", r"\p{Cn}"]
SCALAR_VALUES = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]


def digest(ids: list[int]) -> str:
    """FNV-1a, 64 bits, over the ids as little-endian 32-bit words; as 16 hex digits."""
    value = 0xCBF29CE484222325
    for byte in b"".join(i.to_bytes(4, "little") for i in ids):
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return f"{value:016x}"


def class_runs(pattern: str) -> list[int]:
    """Lengths of the runs of scalar values, in order, alternately outside and inside the class
    `pattern`, the first outside; the last run is left off.

    The oracle is tiktoken's own engine: it drops text that its pattern does not match.
    """
    single_bytes = {bytes([value]): value for value in range(256)}
    engine = tiktoken.Encoding(
        "class", pat_str=pattern, mergeable_ranks=single_bytes, special_tokens={}
    )
    step = 10_000
    members: set[str] = set()
    for start in range(0, len(SCALAR_VALUES), step):
        found = engine.encode_ordinary("".join(SCALAR_VALUES[start : start + step]))
        members.update(bytes(found).decode("utf-8"))
    runs, inside, start = [], False, 0
    for position, character in enumerate(SCALAR_VALUES):
        if (character in members) != inside:
            runs.append(position - start)
            inside, start = not inside, position
    return runs


def tokenizer_goldens(tokenizer: MistralTokenizer) -> dict[str, Any]:
    def encode(text: str) -> list[int]:
        return tokenizer.instruct_tokenizer.tokenizer.encode(text, bos=False, eos=False)

    runs = []
    for unit, count in LONG_RUNS:
        ids = encode(unit * count)
        runs.append({"unit": unit, "count": count, "num_ids": len(ids), "fnv1a64": digest(ids)})
    return {
        "texts": [{"text": text, "ids": encode(text)} for text in all_texts()],
        "long_runs": runs,
        "classes": {pattern: class_runs(pattern) for pattern in CLASSES},
    }


def prompt_goldens(tokenizer: MistralTokenizer) -> dict[str, Any]:
    prompts = []
    for text, voice in PROMPTS:
        request = SpeechRequest(input=text, voice=voice)
        ids = tokenizer.encode_speech_request(request).tokens
        prompts.append({"text": text, "voice": voice, "ids": ids})
    return {"prompts": prompts}


def write(path: Path, goldens: dict[str, Any]) -> None:
    """One line per entry, so that a change can be read as a diff."""
    sections = []
    for name, section in {"oracle": oracle(), **goldens}.items():
        if isinstance(section, list):
            rows = ",\n".join(dump(row) for row in section)
            sections.append(f"{dump(name)}: [\n{rows}\n]")
        else:
            rows = ",\n".join(f"{dump(key)}: {dump(value)}" for key, value in section.items())
            sections.append(f"{dump(name)}: {{\n{rows}\n}}")
    path.write_text("{\n" + ",\n".join(sections) + "\n}\n", encoding="utf-8")


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def oracle() -> dict[str, str]:
    return {name: version(name) for name in ("mistral-common", "tiktoken")}


def main() -> None:
    parser = argparse.ArgumentParser(description="write the tokenizer goldens")
    parser.add_argument("tekken", type=Path, help="output of make_tekken.py")
    parser.add_argument("directory", type=Path, help="where to write the goldens")
    arguments = parser.parse_args()
    tokenizer = MistralTokenizer.from_file(arguments.tekken)
    write(arguments.directory / "tokenizer.json", tokenizer_goldens(tokenizer))
    write(arguments.directory / "prompts.json", prompt_goldens(tokenizer))


if __name__ == "__main__":
    main()
