"""Bad tekken.json files: rows T1 and T2 of the matrix, and those of another model."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .case import Case
from .subject import Subject

Tekken = dict[str, Any]
_NAMES = ("<s>", "[BEGIN_AUDIO]", "[AUDIO]", "[NEXT_AUDIO_TEXT]", "[REPEAT_AUDIO_TEXT]")
_HUGE = (2**31, 2**62, 2**63 - 1, 2**64, 10**30)
_NO_INTEGERS: tuple[Any, ...] = (None, True, "1000", 1.5, [], {})


def cases(good: Subject) -> Iterator[Case]:
    text = Path(good.files["tokenizer"]).read_text().rstrip()
    tekken = json.loads(text)
    yield _tokenizer("a copy", tekken, "")
    yield from _no_files()
    yield from (_tokenizer(kind, tekken) for kind, tekken in _fields(tekken))
    yield from (_tokenizer(kind, tekken) for kind, tekken in _rows(tekken))
    yield from _no_json(text)
    yield from _of_another_model(tekken)


def _tokenizer(kind: str, content: str | bytes | Tekken, error: str = "Tokenizer") -> Case:
    def raw() -> bytes:
        if isinstance(content, bytes):
            return content
        return (content if isinstance(content, str) else json.dumps(content)).encode()

    return Case(f"tokenizer: {kind}", error, {"t.json": raw}, {"tokenizer": "t.json"})


def _no_files() -> Iterator[Case]:
    def sparse(folder: Path) -> None:
        with (folder / "t.json").open("wb") as file:
            file.truncate(1 << 31)

    makers: dict[str, Callable[[Path], object]] = {
        "missing": lambda folder: None,
        "a directory": lambda folder: (folder / "t.json").mkdir(),
        "a FIFO": lambda folder: os.mkfifo(folder / "t.json"),
        "a device": lambda folder: (folder / "t.json").symlink_to("/dev/zero"),
        "a link to itself": lambda folder: (folder / "t.json").symlink_to("t.json"),
        "2 GB, sparse": sparse,
    }
    for kind, make in makers.items():
        load = {"tokenizer": "t.json"}
        yield Case(f"tokenizer: {kind}", "Tokenizer", load=load, prepare=make)  # type: ignore[arg-type]
    for name in ("x" * 300, "t/x", ".", "/", "/dev/null", "/proc/self/mem"):
        yield Case("tokenizer: no file", "Tokenizer", {"t": b""}, {"tokenizer": name})


def _with(tekken: Tekken, *path: Any, value: Any) -> Tekken:
    """A copy in which one value is another; shares what is not on the way to it."""
    changed = copy.copy(tekken)
    node: Any = changed
    for key in path[:-1]:
        node[key] = copy.copy(node[key])
        node = node[key]
    node[path[-1]] = value
    return changed


def _without(tekken: Tekken, *path: Any) -> Tekken:
    changed = _with(tekken, *path, value=None)
    node: Any = changed
    for key in path[:-1]:
        node = node[key]
    del node[path[-1]]
    return changed


def _fields(tekken: Tekken) -> Iterator[tuple[str, Tekken]]:
    for size in (0, -1, -5, -(2**63), 1, 1000, *_HUGE, *_NO_INTEGERS):
        yield f"vocab size {size}", _with(tekken, "config", "default_vocab_size", value=size)
    for size in (0, -1, 1536, 2000, 36, *_HUGE, *_NO_INTEGERS):
        changed = _with(tekken, "config", "default_num_special_tokens", value=size)
        yield f"special tokens {size}", changed
    for pattern in ("", "(", "[", "a**", "(?<", "\\C", "\\", "(?P<a>x)(?P<a>y)", "(?'", "*"):
        yield f"pattern {pattern}", _with(tekken, "config", "pattern", value=pattern)
    for pattern in (None, 1, [], {}, True):
        yield f"pattern {pattern!r}", _with(tekken, "config", "pattern", value=pattern)
    for pattern in ("x", "\\p{N}", "[A-Z]"):  # nothing of it matches the text
        yield f"pattern {pattern}", _with(tekken, "config", "pattern", value=pattern)
    for key in ("pattern", "default_vocab_size", "default_num_special_tokens"):
        yield f"no {key}", _without(tekken, "config", key)
    for key in ("config", "vocab", "special_tokens"):
        yield f"no {key}", _without(tekken, key)
        for value in (None, 1, "x", True, 1.5):
            yield f"{key} {value!r}", _with(tekken, key, value=value)
    yield "config as a list", _with(tekken, "config", value=[tekken["config"]])
    for key in ("vocab", "special_tokens"):
        yield f"{key} as an object", _with(tekken, key, value={"0": tekken[key][0]})
        yield f"{key} empty", _with(tekken, key, value=[])
        for row in (None, 1, "x", [], [tekken[key][0]]):
            yield f"a row of {key} {row!r:.9}", _with(tekken, key, 0, value=row)
    for count in (0, -1, 2**31, 2**62, 2**63 - 1):
        changed = _with(tekken, "audio", "voice_num_audio_tokens", "neutral_female", value=count)
        yield f"a voice of {count} tokens", changed


def _rows(tekken: Tekken) -> Iterator[tuple[str, Tekken]]:
    """Single rows of the vocabulary and of the special tokens."""
    chance = random.Random("rows")
    vocab, specials = tekken["vocab"], tekken["special_tokens"]
    used = tekken["config"]["default_vocab_size"] - len(specials)
    for token in ("=", "A", "AA=", "AAA", "A===", "====", "AA==AAAA", "A A=", "AAAA\n", "é", "-_==",
                  "AB==", "AAF=", "", "\0\0\0\0"):  # fmt: skip
        at = chance.randrange(used)
        yield f"token_bytes {token!r}", _with(tekken, "vocab", at, "token_bytes", value=token)
    for value in (None, 1, [], {}, 1.5):
        at = chance.randrange(used)
        yield f"token_bytes {value!r}", _with(tekken, "vocab", at, "token_bytes", value=value)
    for key in ("rank", "token_bytes"):
        for _ in range(5):
            yield f"no {key}", _without(tekken, "vocab", chance.randrange(used), key)
    for rank in (-1, 0, 7, 2**31, 2**63 - 1, 2**64, None, "5", 5.5, [], True):
        at = chance.randrange(8, used)
        yield f"rank {rank!r}", _with(tekken, "vocab", at, "rank", value=rank)
    for _ in range(40):
        one, other = chance.sample(range(used), 2)
        token = vocab[other]["token_bytes"]
        yield "a token twice", _with(tekken, "vocab", one, "token_bytes", value=token)
    for _ in range(40):
        one = chance.randrange(used)
        yield "a row left out", {**tekken, "vocab": [*vocab[:one], *vocab[one + 1 :]]}
    for count in (0, 1, 255, 256, used - 1):
        yield f"{count} rows", {**tekken, "vocab": vocab[:count]}
    for name in _NAMES:
        at = next(i for i, row in enumerate(specials) if row["token_str"] == name)
        yield f"no {name}", _with(tekken, "special_tokens", at, "token_str", value=f"{name}x")
        yield f"{name} twice", _with(tekken, "special_tokens", 900, "token_str", value=name)
        for value in (None, 1, [], {}):
            changed = _with(tekken, "special_tokens", at, "token_str", value=value)
            yield f"{name} as {value!r}", changed
    for rank in (-1, 5, 1000, 1535, *_HUGE, None, "7", 1.5, True, []):
        changed = _with(tekken, "special_tokens", 7, "rank", value=rank)
        yield f"special rank {rank!r}", changed


def _no_json(text: str) -> Iterator[Case]:
    for content in ("", " ", "null", "[]", "7", '"x"', "{", "{}", "{]", "{'a':1}", '{"a":1,}'):
        yield _tokenizer(f"content {content}", content)
    for content in ('{"a":NaN}', '{"a":01}', '{"a":1}{}', '{"a"}', "// x\n{}", '{"a":"\t"}'):
        yield _tokenizer(f"content {content}", content)
    for depth in (33, 1000, 100_000):
        yield _tokenizer(f"{depth} brackets", "[" * depth)
        nested = '{"x":' + "[" * depth + "]" * depth + "," + text[1:]
        yield _tokenizer(f"nested {depth}", nested)
    for raw in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\0"):
        content = text.encode().replace(b'"rank"', b'"ra' + raw + b'nk"', 1)
        yield _tokenizer(f"bytes {raw.hex()} in a string", content)
    yield _tokenizer("another archive", b"PK\3\4" + bytes(1000))
    for part in range(120):
        yield _tokenizer("truncated", text[: len(text) * part // 120])
    for length in range(len(text) - 24, len(text)):
        yield _tokenizer("truncated", text[:length])
    chance = random.Random("no json")
    for _ in range(60):
        at = chance.randrange(1, len(text) - 1)
        yield _tokenizer("a control character", text[:at] + "\1" + text[at:])
    # One quote less leaves a string open at the end, wherever it was.
    quotes = [i for i in range(1, len(text)) if text[i] == '"' and text[i - 1] != "\\"]
    for at in chance.sample(quotes, 60):
        yield _tokenizer("a quote left out", text[:at] + text[at + 1 :])


def _of_another_model(tekken: Tekken) -> Iterator[Case]:
    """Usable files that do not belong to the model."""
    for size in (*range(1256, 1536, 9), *range(1537, 1601, 4)):
        changed = _with(tekken, "config", "default_vocab_size", value=size)
        yield _tokenizer(f"{size} tokens", changed, "ModelMismatch")
    specials = tekken["special_tokens"]
    places = {row["token_str"]: i for i, row in enumerate(specials)}
    for name in _NAMES:
        for other in ("<unk>", "</s>", "[INST]", "[TRANSCRIBE]", "<SPECIAL_900>", "<SPECIAL_999>"):
            changed = _with(tekken, "special_tokens", places[name], "token_str", value=other)
            changed = _with(changed, "special_tokens", places[other], "token_str", value=name)
            yield _tokenizer(f"{name} as {other}", changed, "ModelMismatch")
