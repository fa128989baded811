"""The library's messages, as those of the logger ``voxtral_tts``.

Silent until the program configures logging, as libraries are. ``VOXTRAL_TTS_LOG`` (``debug``,
``info``, ``warning`` or ``error``) prints them on standard error from the start.
"""

from __future__ import annotations

import logging
import os

from voxtral_tts._native import _core

LOGGER = logging.getLogger("voxtral_tts")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def follow_level() -> None:
    """Tells the library what the logger takes, so that nothing else is made into text."""
    disabled = not LOGGER.isEnabledFor(logging.ERROR)
    _core._set_log_level(logging.CRITICAL if disabled else LOGGER.getEffectiveLevel())


def _receive(level: int, message: str) -> None:
    LOGGER.log(level, "%s", message)


def _start() -> None:
    LOGGER.addHandler(logging.NullHandler())
    wanted = os.environ.get("VOXTRAL_TTS_LOG", "").upper()
    if wanted in _LEVELS:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(name)s: %(levelname)s: %(message)s"))
        LOGGER.addHandler(handler)
        LOGGER.setLevel(wanted)
    _core._set_log(_receive)
    follow_level()


_start()
