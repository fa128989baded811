"""What the preparation of a text hands to the model."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text that the model speaks as one utterance."""

    text: str  # never empty, with final punctuation; "" only for a pause without speech
    pause_s: float = 0.0  # silence after it, in seconds
    end: int = field(default=0, compare=False)  # characters of the written text up to its end
