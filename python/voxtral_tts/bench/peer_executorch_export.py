"""Exports ExecuTorch's own example of this model, the one in its wheel, for the benchmark.

Loader, modules, methods and lowering are the example's. Two things differ, and neither costs the
programs time: the loader gets a checkpoint with fewer layers and text embeddings, because it holds
everything in fp32, and the scales of the weights are the plain ones of torchao, because the
example's search for better scales takes hours of processor time.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from voxtral_tts.bench import peers
from voxtral_tts.bench.artefacts import fingerprint, note

MAX_SEQ_LEN = 4096  # the example's defaults
CODEC_FRAMES = 256
_TEXT_ROWS = 8  # of the text embedding, which is a gather before the first frame
_PACKAGES = ("executorch", "torch", "torchao")


def export(checkpoint: Path, cache: Path, bits: int, group_size: int, layers: int) -> list[Path]:
    """The files model.pte, norm.pte and codec.pte, made now or earlier.

    model.pte has the example's five methods with `layers` layers in the language model, norm.pte a
    text_decoder without layers, codec.pte its codec in fp32, which is its default.
    """
    made_from = (fingerprint(checkpoint), MAX_SEQ_LEN)
    source = Path(__file__)
    options = (*made_from, bits, group_size, layers)
    model = cache / f"peer-model-{peers.key(*options, source=source, packages=_PACKAGES)}"
    codec = cache / f"peer-codec-{peers.key(*made_from, source=source, packages=_PACKAGES)}"
    for folder, make in ((model, _make_model), (codec, _make_codec)):
        if folder.exists():
            continue
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        with contextlib.redirect_stdout(sys.stderr), _shared_provenance():
            make(checkpoint, part, bits, group_size, layers)
        part.rename(folder)
    return [model / "model.pte", model / "norm.pte", codec / "codec.pte"]


@contextlib.contextmanager
def slim_checkpoint(checkpoint: Path, near: Path, layers: int, codec: bool) -> Iterator[Path]:
    """A temporary folder with the codec's tensors, or with all others up to layer `layers`."""
    from safetensors.torch import save_file

    stored = peers.exporter("checkpoint")
    params = json.loads((checkpoint / "params.json").read_text())
    params["n_layers"] = min(layers, params["n_layers"])
    params["vocab_size"] = _TEXT_ROWS
    with tempfile.TemporaryDirectory(dir=near) as name, stored.Checkpoint(checkpoint) as opened:
        folder = Path(name)
        (folder / "params.json").write_text(json.dumps(params))
        config = peers.exporter("config").VoxtralConfig.from_params(params)
        shapes = stored.expected_tensors(config)
        names = [name for name in shapes if name.startswith(stored.CODEC_PREFIX) == codec]
        # Rows beyond those that are kept belong to the text embedding alone.
        tensors = {name: opened.tensor(name)[: shapes[name][0]].contiguous() for name in names}
        save_file(tensors, folder / "consolidated.safetensors")
        del tensors
        yield folder


def load(checkpoint: Path, near: Path, layers: int, codec: bool = False) -> Any:
    """The example's model in fp32 by its own loader; parts that are left out hold no values."""
    from executorch.examples.models.voxtral_tts.model import load_model

    with slim_checkpoint(checkpoint, near, layers, codec) as folder:
        return load_model(str(folder), max_seq_len=MAX_SEQ_LEN, backend="xnnpack")


def quantize(model: Any, bits: int, group_size: int) -> None:
    """As the example's `--qlinear 8da4w` or `8da8w`, with torchao's plain scales.

    The flow head's input projection stays in fp32: its 36 columns are no whole groups.
    """
    import torch
    from torchao.quantization.granularity import PerAxis, PerGroup
    from torchao.quantization.quant_api import Int8DynamicActivationIntxWeightConfig, quantize_

    def fits(module: torch.nn.Module, name: str) -> bool:
        return isinstance(module, torch.nn.Linear) and (
            bits == 8 or module.weight.shape[1] % group_size == 0
        )

    config = Int8DynamicActivationIntxWeightConfig(
        weight_dtype=getattr(torch, f"int{bits}"),
        weight_granularity=PerGroup(group_size) if bits == 4 else PerAxis(0),
    )
    quantize_(model.decoder, config, filter_fn=fits)
    quantize_(model.flow_head, config, filter_fn=fits)


@contextlib.contextmanager
def _shared_provenance() -> Iterator[None]:
    """Keeps torch from copying every node's history in every pass: a fifth of the lowering time.

    The history is for debugging and reaches no program.
    """
    from torch.fx.traceback import NodeSource

    NodeSource.__deepcopy__ = lambda source, memo: source  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del NodeSource.__deepcopy__  # type: ignore[attr-defined]


def _write(programs: dict[str, Any], metadata: dict[str, Any], path: Path) -> None:
    from executorch.examples.models.voxtral_tts.export_voxtral_tts import lower_to_executorch

    lowered = lower_to_executorch(programs, metadata, "xnnpack")
    with path.open("wb") as file:
        lowered.write_to_file(file)


def _make_model(checkpoint: Path, folder: Path, bits: int, group_size: int, layers: int) -> None:
    import torch
    from executorch.examples.models.voxtral_tts import export_voxtral_tts as example

    note(f"exporting the example: model, {layers} layers, {bits} bits, group {group_size}")
    model = load(checkpoint, folder, layers)
    quantize(model, bits, group_size)
    programs, metadata = example.export_model(model, MAX_SEQ_LEN)
    _write(programs, metadata, folder / "model.pte")
    del programs
    model.decoder.layers = torch.nn.ModuleList()
    inputs = (torch.randn(1, 1, model.config.dim), torch.tensor([0]))
    norm = torch.export.export(example.TextDecoderExport(model).eval(), inputs, strict=True)
    _write({"text_decoder": norm}, {}, folder / "norm.pte")


def _make_codec(checkpoint: Path, folder: Path, bits: int, group_size: int, layers: int) -> None:
    from executorch.examples.models.voxtral_tts import export_voxtral_tts as example

    note("exporting the example: codec")
    model = load(checkpoint, folder, 1, codec=True)
    programs, metadata = example.export_codec_decoder(model, CODEC_FRAMES)
    _write(programs, metadata, folder / "codec.pte")
