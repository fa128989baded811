"""Speaks through the installed package: use_wheel.py FOLDER.

The imports are part of the check: neither PyTorch nor MLX may come with them.
"""

import sys
from pathlib import Path

import numpy as np

from voxtral_tts import ModelNotFoundError, Runner
from voxtral_tts.cli.main import main

FRAMES = 6
FRAME = 1920  # samples

folder = Path(sys.argv[1])
with Runner(folder / "model.pte", folder / "codec_decoder.pte") as runner:
    audio = runner.synthesize("Hello.", max_frames=FRAMES)
    chunks = list(runner.stream("Hello.", max_frames=FRAMES))
assert audio.samples.shape == (FRAMES * FRAME,)
assert np.isfinite(audio.samples).all()
assert audio.samples.any()
assert np.array_equal(np.concatenate([chunk.samples for chunk in chunks]), audio.samples)
audio.save("hello.wav")
assert Path("hello.wav").stat().st_size == 44 + 2 * FRAMES * FRAME

message = ""
try:
    Runner(folder / "missing.pte", folder / "codec_decoder.pte")
except ModelNotFoundError as error:
    message = str(error)
assert "missing.pte" in message

with Runner() as runner:  # the small voice that comes with the package
    audio = runner.synthesize("Hello, how are you today?")
assert audio.stats.finish_reason == "end_of_audio"
assert 1 < audio.duration < 3

flags = ["--model", str(folder), "--max-frames", str(FRAMES), "-q", "-o", "said.wav"]
assert main(["say", "Hello.", *flags]) == 0
assert Path("said.wav").stat().st_size > 2 * FRAMES * FRAME

loaded = {"torch", "mlx"} & set(sys.modules)
assert not loaded, loaded
print(f"spoke {audio.duration:.2f} s without PyTorch")
