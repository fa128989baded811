"""Makes written text speakable: words for numbers and signs, sentences, pauses."""

from voxtral_tts.text.segment import Segment

__all__ = ["Segment"]
