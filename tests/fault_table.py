"""What each pair of tests/fault_models.py does wrong, and how it is made."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from executorch.exir._serialize._program import PTEFile
from executorch.exir.scalar_type import ScalarType

from export.checkpoint import Checkpoint
from export.contract import codec_metadata, model_metadata
from exporting import tiny_checkpoint
from fault_models import FRAMES, LOUDNESS, MAX_FRAMES
from fault_programs import DECODE, STEP, Edit, Value, floats, lower_codec, lower_model

GOOD = ("good_model.pte", "good_codec.pte")
_MAX_SEQ_LEN = 256


class _Pair(NamedTuple):
    name: str
    model: Edit | None  # None: the good one
    codec: Edit | None
    error: str
    stage: str


def make(folder: Path) -> list[tuple[str, ...]]:
    """Writes all programs; returns the members of every Fault, files by name."""
    _make_good(folder)
    model, codec = Edit.read(folder / GOOD[0]), Edit.read(folder / GOOD[1])
    rows: list[tuple[str, ...]] = [
        ("pair/swapped", GOOD[1], GOOD[0], "ModelMismatch", "this is the codec"),
        ("pair/model_twice", GOOD[0], GOOD[0], "ModelMismatch", "this is the language model"),
        ("pair/codec_twice", GOOD[1], GOOD[1], "ModelMismatch", "this is the codec"),
    ]
    for pair in _pairs(model, codec):
        files = list(GOOD)
        for i, edit in enumerate((pair.model, pair.codec)):
            if edit is not None:
                files[i] = f"{pair.name.replace('/', '-')}.pte"
                edit.write(folder / files[i])
        rows.append((pair.name, *files, pair.error, pair.stage))
    return rows


def _make_good(folder: Path) -> None:
    source = tiny_checkpoint()
    shutil.copyfile(source / "tekken.json", folder / "tekken.json")
    shutil.copytree(source / "voice_embedding", folder / "voice_embedding")
    with Checkpoint(source) as checkpoint:
        config = checkpoint.config
        codebook_id = checkpoint.codebook_id()
        metadata = model_metadata(config, codebook_id, _MAX_SEQ_LEN, checkpoint.special_ids())
    metadata["max_frames"] = MAX_FRAMES
    lower_model(config, metadata, folder / GOOD[0])
    lower_codec(config, codec_metadata(config, codebook_id), folder / GOOD[1])
    model = Edit(Edit.read(folder / GOOD[0]))
    model.script(STEP, {"end": FRAMES}).write(folder / GOOD[0])


def _pairs(model: PTEFile, codec: PTEFile) -> Iterator[_Pair]:
    yield from _endings(model)
    yield from _numeric(model, codec)
    yield from _audio(codec)
    yield from _metadata(model, codec)
    yield from _signatures(model, codec)
    yield from _other_codecs(codec)
    yield from _unloadable(model, codec)


def _scripted(model: PTEFile, **frames: float) -> Edit:
    """The good model with another script."""
    kinds = list(STEP)
    good = [float(FRAMES) if kind == "end" else -1.0 for kind in kinds]
    return Edit(model).constant(floats(good), floats([frames.get(kind, -1.0) for kind in kinds]))


def _endings(model: PTEFile) -> Iterator[_Pair]:
    yield _Pair("ending/good", None, None, "", "")
    yield _Pair("ending/never", _scripted(model), None, "", "")
    yield _Pair("ending/at_frame_0", _scripted(model, end=0), None, "Text", "nothing to say")
    yield _Pair("ending/at_frame_1", _scripted(model, end=1), None, "", "")


def _numeric(model: PTEFile, codec: PTEFile) -> Iterator[_Pair]:
    stages = {"logits": "semantic logits", "velocity": "flow state", "embedding": "next embedding"}
    for frame in (0, 5):
        for what in STEP:
            stage = stages.get(what.split("_")[-1])
            if stage:
                edit = _scripted(model, **{what: frame})
                yield _Pair(f"numeric/{what}_{frame}", edit, None, "Numeric", stage)
        for what in DECODE:
            edit = Edit(codec).script(DECODE, {what: frame})
            yield _Pair(f"numeric/codec_{what}_{frame}", None, edit, "Numeric", "codec")


def _audio(codec: PTEFile) -> Iterator[_Pair]:
    for name, loudness in {"too_loud": (3.0, 0.0), "dc": (0.0, 0.5), "silence": (0.0, 0.0)}.items():
        edit = Edit(codec).constant(floats(LOUDNESS), floats(loudness))
        yield _Pair(f"audio/{name}", None, edit, "", "")


_IDS = ("bos_id", "begin_audio_id", "audio_id", "text_to_audio_id", "audio_to_text_id")
_TOO_LARGE = {"2e31": 2**31, "2e63": 2**63 - 1}
_SCHEDULES: dict[str, Value] = {
    "empty": [],
    "0": [1, 0],
    "minus_1": [1, -1],
    "beyond_max": [1, 33],
    "2e31": [1, 2**31],
    "2e63": [1, 2**63 - 1],
}
# Values that are in range by themselves, but not beside the others.
_RELATIONS: dict[str, Value] = {
    "max_step_rows": _MAX_SEQ_LEN + 1,
    "semantic_vocab": 10,
    "end_audio_code": 2**20,
    "vocab_size": 30,
    "dim": 65,
    "acoustic_levels": 1,
}


def _bad_values(key: str, value: Value) -> dict[str, Value]:
    if key == "cfg_alpha":
        return {"int": 1, "nan": math.nan, "inf": math.inf, "string": "1.2"}
    if isinstance(value, list):
        return {"int": 1, **_SCHEDULES}
    assert isinstance(value, int)
    bad: dict[str, Value] = {"float": float(value), "minus_1": -1, **_TOO_LARGE}
    if key not in ("end_audio_code", "codebook_id"):  # of which the contract allows 0
        bad["0"] = 0
    if key == "format_version":
        bad["another"] = 2
    if key in _RELATIONS:
        bad["relation"] = _RELATIONS[key]
    if key == "dim":
        bad |= {"string": "64", "bool": True, "list": [64, 64]}
    return bad


def _metadata(model: PTEFile, codec: PTEFile) -> Iterator[_Pair]:
    for part, file in (("model", model), ("codec", codec)):
        for plan in file.program.execution_plan:
            key = plan.name
            if plan.inputs:
                continue
            absent = Edit(file).without(key)
            yield _metadata_pair(part, f"{key}_absent", absent, "ModelMismatch", key)
            for name, value in _bad_values(key, _value(file, key)).items():
                edit = Edit(file).metadata(key, value)
                error = "ModelLoad" if name == "another" else "ModelMismatch"
                # The five ids are tekken.json's: 0 is another token there.
                stage = "tekken.json" if key in _IDS and name == "0" else key
                if key == "format_version" and name == "another":
                    stage = "format version 2"
                yield _metadata_pair(part, f"{key}_{name}", edit, error, stage)


def _metadata_pair(part: str, name: str, edit: Edit, error: str, stage: str) -> _Pair:
    model, codec = (edit, None) if part == "model" else (None, edit)
    return _Pair(f"metadata/{part}_{name}", model, codec, error, stage)


def _value(file: PTEFile, key: str) -> Value:
    values = [next(iter(vars(value.val).values())) for value in Edit(file).plan(key).values]
    return values if len(values) > 1 else values[0]


def _signatures(model: PTEFile, codec: PTEFile) -> Iterator[_Pair]:
    def pair(part: str, name: str, edit: Edit, error: str = "ModelMismatch") -> _Pair:
        method = name.split("-")[0]
        both = (edit, None) if part == "model" else (None, edit)
        return _Pair(f"signature/{name}", *both, error, method if error else "")

    methods = {"step": ("model", 2), "embed_text": ("model", 1), "decode": ("codec", 1)}
    for method, (part, outputs) in methods.items():
        file = model if part == "model" else codec
        yield pair(part, f"{method}-missing", Edit(file).without(method))
        for i in range(outputs):
            other_type = Edit(file)
            other_type.tensor(method, output=i).scalar_type = ScalarType.INT
            yield pair(part, f"{method}-output_{i}_type", other_type)
            other_shape = Edit(file)
            other_shape.tensor(method, output=i).sizes[-1] += 1
            yield pair(part, f"{method}-output_{i}_shape", other_shape)
        fewer = Edit(file)
        fewer.plan(method).outputs.pop()
        yield pair(part, f"{method}-output_absent", fewer)
        none = Edit(file)
        none.plan(method).outputs.clear()
        yield pair(part, f"{method}-outputs_absent", none)
        no_tensor = Edit(file)
        plan = no_tensor.plan(method)
        plan.values.append(no_tensor.plan("format_version").values[0])
        plan.outputs[0] = len(plan.values) - 1
        yield pair(part, f"{method}-output_no_tensor", no_tensor)
        input_type = Edit(file)
        input_type.tensor(method, given=0).scalar_type = ScalarType.HALF
        yield pair(part, f"{method}-input_type", input_type)
        input_shape = Edit(file)
        input_shape.tensor(method, given=0).sizes[-1] += 1
        yield pair(part, f"{method}-input_shape", input_shape)
        fewer_inputs = Edit(file)
        fewer_inputs.plan(method).inputs.pop()
        yield pair(part, f"{method}-input_absent", fewer_inputs)
    more = Edit(model)
    more.plan("step").outputs.append(more.plan("step").outputs[0])
    yield pair("model", "step-output_more", more, "")
    extra = Edit(model)
    plan = Edit(model).plan("embed_text")
    plan.name = "another_method"
    extra.file.program.execution_plan.append(plan)
    yield pair("model", "another_method", extra, "")


def _other_codecs(codec: PTEFile) -> Iterator[_Pair]:
    """Codecs that are right by themselves and belong to another model."""
    for n in (36, 38):
        edit = Edit(codec).metadata("n_codebooks", n)
        edit.tensor("decode", given=0).sizes[-1] = n
        yield _Pair(f"pair/codec_of_{n}_codebooks", None, edit, "ModelMismatch", "codebooks")
    frame = Edit(codec).metadata("samples_per_frame", 960)
    frame.tensor("decode", output=0).sizes[-1] //= 2
    yield _Pair("pair/codec_of_other_frames", None, frame, "ModelMismatch", "frame size")
    others = {
        "sample_rate": 16000,
        "semantic_codebook_size": 8,
        "acoustic_levels": 9,
        "n_special_codes": 3,
    }
    for key, value in others.items():
        edit = Edit(codec).metadata(key, value)
        yield _Pair(f"pair/codec_of_other_{key}", None, edit, "ModelMismatch", "model's")
    strange = Edit(codec).metadata("codebook_id", 1)
    yield _Pair("pair/codec_of_another_training", None, strange, "ModelMismatch", "codebook_id")


def _unloadable(model: PTEFile, codec: PTEFile) -> Iterator[_Pair]:
    backend = "NoSuchBackend"
    step = Edit(model).delegate("step", backend)
    decode = Edit(codec).delegate("decode", backend)
    yield _Pair("load/model_backend", step, None, "ModelLoad", backend)
    yield _Pair("load/codec_backend", None, decode, "ModelLoad", backend)
    step, decode = Edit(model), Edit(codec)
    step.plan("step").operators[0].name = "aten::no_such_operator"
    decode.plan("decode").operators[0].name = "aten::no_such_operator"
    yield _Pair("load/model_operator", step, None, "ModelLoad", "step")
    yield _Pair("load/codec_operator", None, decode, "ModelLoad", "decode")
