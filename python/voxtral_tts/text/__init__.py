"""Makes written text speakable: words for numbers and signs, sentences, pauses."""

from voxtral_tts.text.prepare import language_of_voice, prepare
from voxtral_tts.text.segment import Segment

__all__ = ["Segment", "language_of_voice", "prepare"]
