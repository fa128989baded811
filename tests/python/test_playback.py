"""The player against a sound device made up here, which asks for samples when it is told to."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from voxtral_tts import OutputError, UsageError
from voxtral_tts.playback import START_S, Player

RATE = 24000
BLOCK = 480


class Device:
    """Stands for the package: its latest stream is `stream`."""

    class PortAudioError(Exception):
        pass

    def __init__(self, *, is_there: bool = True) -> None:
        self._is_there = is_there
        self.calls: list[str] = []
        self.played: list[np.ndarray] = []

    def OutputStream(self, **options: Any) -> Any:
        if not self._is_there:
            raise self.PortAudioError("no default output device")
        assert (options["samplerate"], options["channels"]) == (RATE, 1)
        self._callback = options["callback"]
        names = ("start", "stop", "abort", "close")
        self.stream = SimpleNamespace(active=True, **{name: self._call(name) for name in names})
        return self.stream

    def _call(self, name: str) -> Any:
        return lambda: self.calls.append(name)

    def ask(self) -> np.ndarray:
        """One callback of the device's thread."""
        out = np.full((BLOCK, 1), np.nan, np.float32)
        self._callback(out, BLOCK, None, None)
        self.played.append(out[:, 0])
        return out[:, 0]


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    made = Device()
    monkeypatch.setitem(sys.modules, "sounddevice", made)  # type: ignore[arg-type]
    return made


def ramp(start: int, count: int) -> np.ndarray:
    return (np.arange(start, start + count) / 1e5).astype(np.float32)


def test_integers_are_of_full_scale(device: Device) -> None:
    with Player(RATE) as player:
        player.write(np.full(RATE, -32767, np.int16))
        assert (device.ask() == -1).all()
        with pytest.raises(UsageError, match="int64"):
            player.write([0, 1])
        player.write(np.zeros(0))
        while device.ask().any():
            pass


def test_a_player_plays_inside_its_block(device: Device) -> None:
    with pytest.raises(UsageError, match="inside its block"):
        Player(RATE).write(ramp(0, 10))


def test_all_samples_are_played_in_order(device: Device) -> None:
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            device.ask()

    with Player(RATE) as player:
        for start in range(0, 20_000, 1000):
            player.write(ramp(start + 1, 1000))
        thread = threading.Thread(target=run)
        thread.start()
    done.set()
    thread.join()
    played = np.concatenate(device.played)
    np.testing.assert_array_equal(played[played != 0], ramp(1, 20_000))
    assert device.calls == ["start", "stop", "close"]


def test_some_audio_is_gathered_first_and_after_a_gap(device: Device) -> None:
    enough = round(START_S * RATE)
    player = Player(RATE).__enter__()
    player.write(ramp(1, enough - 1))
    assert not device.ask().any()
    player.write(ramp(enough, 1))
    assert device.ask().all()
    while device.ask().all():
        pass
    assert player.gaps == 1
    player.write(ramp(1, 100))
    assert not device.ask().any()
    player.__exit__(KeyboardInterrupt)
    assert device.calls == ["start", "abort", "close"]


def test_a_device_that_goes_away_is_not_waited_for(device: Device) -> None:
    player = Player(RATE).__enter__()
    player.write(ramp(1, 1_000_000))
    device.stream.active = False
    with pytest.raises(OutputError, match="has stopped"):
        player.write(ramp(1, 1000))
    with pytest.raises(OutputError, match="has stopped"):
        player.__exit__(None)
    assert device.calls == ["start", "close"]


def test_errors_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(UsageError, match=r"voxtral_tts\[audio\]"):
        Player(RATE)
    absent: Any = Device(is_there=False)
    monkeypatch.setitem(sys.modules, "sounddevice", absent)
    with pytest.raises(OutputError, match="write a file with -o"):
        Player(RATE).__enter__()
