"""Texts to train and to judge on, drawn from the grammar."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .grammar import RULES

_SLOT = re.compile(r"\{(\w+)\}")
_NOT_SPOKEN = re.compile(r"[^a-z' ]+")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou])(?!use|one)")
_CANDIDATES = 4  # draws per training text, of which the one with the rarest word is kept
MAX_WORDS = 11  # longer draws are thrown away: an utterance stays below some 4 seconds
GREETING = "Hello, how are you today?"  # always in the training texts


@dataclass(frozen=True, slots=True)
class Texts:
    """Distinct texts; no held-out one, as words, is among the training texts."""

    training: tuple[str, ...]
    held_out: tuple[str, ...]


def spoken_words(text: str) -> list[str]:
    """The words of a text as a recogniser writes them: lower case, without punctuation."""
    return _NOT_SPOKEN.sub(" ", text.lower()).split()


def draw_sentence(rng: random.Random) -> str:
    """One sentence of at most MAX_WORDS words."""
    while True:
        text = _ARTICLE.sub(r"\1n ", _expand("sentence", rng))
        if len(text.split()) <= MAX_WORDS:
            return text[0].upper() + text[1:]


def _expand(rule: str, rng: random.Random) -> str:
    alternative = rng.choice(RULES[rule].split("|"))
    return _SLOT.sub(lambda slot: _expand(slot[1], rng), alternative)


def make_texts(n_training: int, n_held_out: int, seed: int) -> Texts:
    """The same arguments give the same texts; more training texts only append."""
    # Two streams, held-out first: so it stays what it is when more training texts are asked for.
    held_out = _distinct(random.Random(f"{seed} held out"), n_held_out, [GREETING], min_words=3)
    rng = random.Random(f"{seed} training")
    training = _distinct(rng, n_training - 1, [*held_out, GREETING], candidates=_CANDIDATES)
    return Texts((GREETING, *training), tuple(held_out))


def _distinct(
    rng: random.Random,
    count: int,
    excluded: Sequence[str],
    min_words: int = 1,
    candidates: int = 1,
) -> list[str]:
    seen = {tuple(spoken_words(text)) for text in excluded}
    uses: Counter[str] = Counter()
    texts: list[str] = []
    while len(texts) < count:
        # Chosen by its rarest word: else a tenth of the words would hardly ever be heard.
        drawn = [draw_sentence(rng) for _ in range(candidates)]
        text = min(drawn, key=lambda text: min(uses[word] for word in spoken_words(text)))
        words = tuple(spoken_words(text))
        if words not in seen and len(words) >= min_words:
            seen.add(words)
            uses.update(words)
            texts.append(text)
    return texts


def sentence_grammar() -> str:
    """Everything the grammar can say, in the Java Speech Grammar Format, for a recogniser."""
    rules = [
        f"{'public ' if name == 'sentence' else ''}<{name}> = "
        + " | ".join(map(_recognised, alternatives.split("|")))
        + ";"
        for name, alternatives in RULES.items()
    ]
    return "\n".join(["#JSGF V1.0;", "grammar english;", *rules, ""])


def _recognised(alternative: str) -> str:
    words = []
    for part in re.split(r"(\{\w+\})", alternative):
        slot = _SLOT.fullmatch(part)
        words += [f"<{slot[1]}>"] if slot else spoken_words(part)
    return " ".join("(a | an)" if word == "a" else word for word in words)


def vocabulary() -> set[str]:
    """Every word the grammar can say."""
    text = " ".join(RULES.values())
    return set(spoken_words(_SLOT.sub(" ", text).replace("|", " ")))
