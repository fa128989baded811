"""The peers of the benchmark, at tiny shapes: that they run, and compute what they are to time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from exporting import CACHE, digest

peers = pytest.importorskip("voxtral_tts.bench.peers")
pytest.importorskip("torchao")
from voxtral_tts.bench import peer_executorch, peer_executorch_export, peer_torch  # noqa: E402

STAGES = (*peers.STAGES, "codec", "codec_offline", "prefill_ms")
TOTALS = ("frame_without_codec", "frame_with_codec", "frame_with_codec_offline")
GROUP_SIZE = 32


@pytest.fixture(scope="module")
def cache() -> Path:
    return CACHE / "peers"


@pytest.fixture(scope="module")
def shallow(tiny_checkpoint: Path) -> Path:
    """The tiny checkpoint read as a model with one layer per stack: lowering takes long.

    Of the codec's four stages there are two.
    """
    folder = CACHE / "checkpoints" / f"shallow-{digest(str(tiny_checkpoint).encode())}"
    params = json.loads((tiny_checkpoint / "params.json").read_text())
    params["n_layers"] = 1
    audio = params["multimodal"]["audio_model_args"]
    audio["acoustic_transformer_args"]["n_layers"] = 1
    codec = params["multimodal"]["audio_tokenizer_args"]
    codec["decoder_transformer_lengths_str"] = "1,1"
    codec["decoder_convs_kernels_str"], codec["decoder_convs_strides_str"] = "3,4", "1,2"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.json").write_text(json.dumps(params))
    tensors = folder / "consolidated.safetensors"
    if not tensors.exists():  # a link: its time is a part of what exports are kept by
        tensors.hardlink_to(tiny_checkpoint / tensors.name)
    return folder


@pytest.fixture(scope="module")
def files(shallow: Path, cache: Path) -> list[Path]:
    """The example's programs; here, since this process has imported torch already."""
    return peer_executorch_export.export(shallow, cache, 4, GROUP_SIZE, peers.LM_LAYERS)


def _check(figures: dict[str, dict[str, float]]) -> None:
    for stage in (*STAGES, *TOTALS):
        fields = figures[stage]
        assert 0 < fields["min"] <= fields["median"] <= fields["max"], stage
    plain = sum(figures[stage]["min"] for stage in peers.STAGES)
    assert figures["frame_without_codec"]["min"] >= plain * 0.999
    with_codec = figures["frame_without_codec"]["median"] + figures["codec"]["median"]
    assert figures["frame_with_codec"]["median"] == pytest.approx(with_codec)
    assert figures["process"]["read_gb_per_s"] > 0


def test_torch_has_every_stage(shallow, cache):
    _check(peer_torch.run(shallow, cache, repeats=1))


def test_the_example_has_every_stage(shallow, cache, files):
    figures = peer_executorch.run(shallow, cache, group_size=GROUP_SIZE, repeats=1)
    _check(figures)
    assert figures["driver_ms"]["min"] < 1  # Python's part of a call


def test_the_exported_example_computes_what_it_should(shallow, cache, files):
    layers = peers.LM_LAYERS
    eager = peer_executorch_export.load(shallow, cache, layers)
    peer_executorch_export.quantize(eager, 4, GROUP_SIZE)
    program = peer_executorch.Program(files[0])
    rows = torch.randn(1, 12, eager.config.dim, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        for first, last in ((0, 11), (11, 12)):  # a prompt, then a row that reads the cache
            inputs = (rows[:, first:last], torch.arange(first, last))
            actual = program.call("text_decoder", inputs).clone()
            expected = eager.decoder(*inputs)
            assert (actual - expected).norm() < 0.02 * expected.norm()
        hidden, x, step = expected[0], torch.randn(1, 36), torch.tensor([3])
        actual = program.call("predict_velocity", (x, step, hidden)).clone()
        expected = eager.flow_head.predict_velocity(x, step, hidden)
        assert (actual - expected).norm() < 0.02 * expected.norm()


def test_reading_faster_than_memory_is_flagged(capsys):
    stages = {"lm": {"min": 1.0}, "flow": {"min": 10.0}}
    peers.check_roofline(stages, {"lm": 60e6, "flow": 60e6}, gb_per_s=30)
    assert stages["lm"]["read_gb_per_s"] == pytest.approx(60)
    assert stages[peers.BELOW_ROOFLINE] == {"lm": pytest.approx(2)}
    assert "lm: 60.0 GB/s of 30.0: implies less than the roofline" in capsys.readouterr().err


def test_the_weights_of_the_full_size(tmp_path):
    from export.config import VoxtralConfig
    from export.synthetic import params

    config = VoxtralConfig.from_params(params("full"))
    read = peer_executorch.weight_bytes(config, 4, 32)
    assert read["lm"] == pytest.approx(3026.2e6 * 0.5625, rel=1e-3)
    assert read["flow"] == pytest.approx(14 * 368.3e6 * 0.5625, rel=1e-3)
    assert peer_torch.weight_bytes(config)["lm"] == pytest.approx(3026.2e6 * 2, rel=1e-3)
