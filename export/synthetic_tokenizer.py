"""Makes a small tekken.json for synthetic checkpoints, and reads any tekken.json for prompts."""

from __future__ import annotations

import base64
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import regex
import tiktoken

from .config import CheckpointError

N_SPECIAL_TOKENS = 1000  # ids below this are control tokens; text ids follow
_BOS, _BEGIN_AUDIO, _AUDIO = "<s>", "[BEGIN_AUDIO]", "[AUDIO]"
_NEXT_AUDIO_TEXT, _REPEAT_AUDIO_TEXT = "[NEXT_AUDIO_TEXT]", "[REPEAT_AUDIO_TEXT]"
_NAMED_SPECIALS = {
    0: "<unk>",
    1: _BOS,
    2: "</s>",
    3: "[INST]",
    4: "[/INST]",
    24: _AUDIO,
    25: _BEGIN_AUDIO,
    26: "[OUTPUT_AUDIO]",
    34: "[TRANSCRIBE]",
    35: _REPEAT_AUDIO_TEXT,
    36: _NEXT_AUDIO_TEXT,
}

# How text is cut into pieces before merging: part of the file format, so it must equal the
# published one. Words with at most one leading mark, single digits, punctuation, blanks.
_UPPER, _LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
_LEAD = r"[^\r\n\p{L}\p{N}]?"
PATTERN = "|".join(
    (
        rf"{_LEAD}[{_UPPER}]*[{_LOWER}]+",
        rf"{_LEAD}[{_UPPER}]+[{_LOWER}]*",
        r"\p{N}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)

TRAINING_TEXT = """
The morning train left the old station a little late, and nobody on the platform seemed to mind.
She asked whether the weather would change before the evening, and he said that it always does.
Le matin, la lumière entre par la fenêtre et le café est déjà prêt sur la table de la cuisine.
Mañana por la tarde iremos a la playa con los niños si no llueve en toda la mañana.
Der kleine Hund läuft durch den Garten und sucht den Ball, den die Kinder gestern verloren haben.
Questa sera andiamo al mercato vecchio per comprare il pane, le arance e un mazzo di fiori.
Amanhã de manhã vamos caminhar até a praça e depois tomar um café com os nossos amigos.
Morgen gaan we met de fiets naar het strand, want dan schijnt de zon de hele dag.
في الصباح يشرب جدي الشاي مع النعناع ويقرأ الكتاب القديم في الحديقة الصغيرة.
सुबह बच्चे स्कूल जाते हैं और शाम को मैदान में अपने दोस्तों के साथ खेलते हैं।
Twenty-one birds, 3 cats & 14 books: are they all here? Yes, they are all here, thank you!
"""


def learn_merges(text: str, n_merges: int) -> list[bytes]:
    """Byte-pair encoding: repeatedly joins the most frequent neighbours (ties: smallest bytes).

    Returns the joined tokens in the order learnt; fewer than n_merges if the text is used up.
    """
    counts = Counter(regex.findall(PATTERN, text))
    words = [([bytes([b]) for b in word.encode()], count) for word, count in counts.items()]
    tokens: list[bytes] = []
    while len(tokens) < n_merges:
        pairs: Counter[tuple[bytes, bytes]] = Counter()
        for parts, count in words:
            for pair in itertools.pairwise(parts):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        joined = best[0] + best[1]
        if joined not in tokens:
            tokens.append(joined)
        for parts, _ in words:
            _join(parts, best)
    return tokens


def _join(parts: list[bytes], pair: tuple[bytes, bytes]) -> None:
    index = 0
    while index + 1 < len(parts):
        if (parts[index], parts[index + 1]) == pair:
            parts[index : index + 2] = [pair[0] + pair[1]]
        index += 1


def _fillers() -> Iterator[bytes]:
    """Distinct tokens that no text contains: 0xFF and 0xFE never occur in UTF-8."""
    for number in range(1 << 24):
        yield b"\xff\xfe" + number.to_bytes(3, "big")


def tekken_json(
    vocab_size: int, vocab_rows: int, n_merges: int, voice_rows: dict[str, int]
) -> dict[str, Any]:
    """The content of a version 7 tekken.json.

    vocab_size counts special tokens, text tokens in use; vocab_rows >= vocab_size - 1000 is what
    the file lists: as in the published file, surplus rows are there to be ignored.
    """
    used = vocab_size - N_SPECIAL_TOKENS
    tokens = [bytes([b]) for b in range(256)]
    tokens += learn_merges(TRAINING_TEXT, min(n_merges, used - len(tokens)))
    fillers = _fillers()
    while len(tokens) < vocab_rows:
        tokens.append(next(fillers))
    return {
        "config": {
            "pattern": PATTERN,
            "num_vocab_tokens": vocab_rows,
            "default_vocab_size": vocab_size,
            "default_num_special_tokens": N_SPECIAL_TOKENS,
            "version": "v7",
        },
        "vocab": [_vocab_row(rank, token) for rank, token in enumerate(tokens)],
        "special_tokens": [
            {
                "rank": rank,
                "token_str": _NAMED_SPECIALS.get(rank, f"<SPECIAL_{rank}>"),
                "is_control": True,
            }
            for rank in range(N_SPECIAL_TOKENS)
        ],
        "audio": {
            "sampling_rate": 24000,
            "frame_rate": 12.5,
            "audio_encoding_config": {"num_mel_bins": 128, "hop_length": 160, "window_size": 400},
            "chunk_length_s": 30.0,
            "voice_num_audio_tokens": voice_rows,
        },
    }


def _vocab_row(rank: int, token: bytes) -> dict[str, Any]:
    try:
        text: str | None = token.decode()
    except UnicodeDecodeError:
        text = None
    return {"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": text}


class PromptTokenizer:
    """Encodes prompts with a tekken.json. Raises CheckpointError for an unusable file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            sizes = content["config"]
            self._n_special = int(sizes["default_num_special_tokens"])
            used = int(sizes["default_vocab_size"]) - self._n_special
            self._specials = {row["token_str"]: row["rank"] for row in content["special_tokens"]}
            ranks = {
                base64.b64decode(row["token_bytes"]): row["rank"]
                for row in content["vocab"]
                if row["rank"] < used
            }
            self._encoding = tiktoken.Encoding(
                name=path.name,
                pat_str=sizes["pattern"],
                mergeable_ranks=ranks,
                special_tokens={},
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{path}: not a usable tekken.json: {error!r}") from error

    def special_id(self, name: str) -> int:
        if name not in self._specials:
            raise CheckpointError(f"{self._path}: special token {name} is missing")
        return int(self._specials[name])

    def encode(self, text: str) -> list[int]:
        """Ids of plain text: no control tokens, no beginning or end marks."""
        return [rank + self._n_special for rank in self._encoding.encode_ordinary(text)]

    def prompt_ids(self, text: str, n_voice_rows: int) -> list[int]:
        """<s> [BEGIN_AUDIO] [AUDIO] x N [NEXT_AUDIO_TEXT] text [REPEAT_AUDIO_TEXT] [BEGIN_AUDIO]"""
        return [
            self.special_id(_BOS),
            self.special_id(_BEGIN_AUDIO),
            *[self.special_id(_AUDIO)] * n_voice_rows,
            self.special_id(_NEXT_AUDIO_TEXT),
            *self.encode(text),
            self.special_id(_REPEAT_AUDIO_TEXT),
            self.special_id(_BEGIN_AUDIO),
        ]
