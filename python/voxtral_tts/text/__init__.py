"""Makes written text speakable: words for numbers and signs, sentences, pauses."""

from voxtral_tts.text.languages import LANGUAGES, language_of_voice
from voxtral_tts.text.lexicon import Lexicon, read_lexicon
from voxtral_tts.text.normalizer import normalize
from voxtral_tts.text.preparation import prepare
from voxtral_tts.text.segment import Segment

__all__ = [
    "LANGUAGES",
    "Lexicon",
    "Segment",
    "language_of_voice",
    "normalize",
    "prepare",
    "read_lexicon",
]
