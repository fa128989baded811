"""Speaks through the installed package with a model exported for MLX: use_mlx.py FOLDER [without].

With `without`, MLX is not installed: the error has to say how to install it.
"""

import sys
from pathlib import Path

import numpy as np

from voxtral_tts import ModelLoadError, Runner

FRAMES = 6

folder = Path(sys.argv[1])
files = (folder / "model.pte", folder / "codec_decoder.pte")
if sys.argv[2:] == ["without"]:
    message = ""
    try:
        Runner(*files)
    except ModelLoadError as error:
        message = str(error)
    assert "model.pte" in message, message
    assert "pip install 'voxtral_tts[mlx]'" in message, message
    print("without MLX: " + message)
else:
    with Runner(*files) as runner:
        audio = runner.synthesize("Hello.", max_frames=FRAMES)
    assert audio.stats.backend == "mlx"
    assert np.isfinite(audio.samples).all()
    assert audio.samples.any()
    assert "mlx" not in sys.modules
    print(f"spoke {audio.duration:.2f} s through MLX")
