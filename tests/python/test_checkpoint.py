"""Reading a checkpoint: the config, the list of tensors, and errors that name what is wrong."""

from __future__ import annotations

import copy
import json
import math
import re
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from export.checkpoint import Checkpoint, expected_tensors
from export.config import CheckpointError, VoxtralConfig
from export.modules import VoxtralTTS
from export.synthetic import make_checkpoint, params

FULL = VoxtralConfig.from_params(params("full"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "tiny"
    make_checkpoint("tiny", path)
    return path


def test_full_size_tensors_are_those_of_the_published_file():
    # Oracle: the published manifest's count, data size and some of its shapes.
    shapes = expected_tensors(FULL)
    assert len(shapes) == 386
    assert 2 * sum(math.prod(s) for s in shapes.values()) == 8_004_706_784
    assert shapes["layers.25.attention.wo.weight"] == (3072, 4096)
    assert shapes["acoustic_transformer.semantic_codebook_output.weight"] == (8320, 3072)
    name = "mm_audio_embeddings.audio_codebook_embeddings.embeddings.weight"
    assert shapes[name] == (9088, 3072)
    conv = "audio_tokenizer.decoder_blocks.0.conv.parametrizations.weight.original1"
    assert shapes[conv] == (1024, 292, 3)
    assert shapes["audio_tokenizer.quantizer.semantic_codebook.embedding_sum"] == (8192, 256)


def test_full_size_config():
    assert FULL.samples_per_frame == 1920
    assert FULL.frame_rate_hz == 12.5
    assert FULL.codebook_sizes[:2] == (8194, 23) and FULL.n_codebooks == 37
    assert FULL.codec.windows == (2, 4, 8, 16)
    assert FULL.flow_head.n_decoding_steps == 7 and FULL.flow_head.norm_eps == 1e-5
    assert (FULL.language_model.rope_theta, FULL.codec.qk_norm_eps) == (1e6, 1e-6)


def test_segments_may_be_limited():
    content = params("full")
    assert VoxtralConfig.from_params(content).segment_characters is None
    content["segment_characters"] = 60
    assert VoxtralConfig.from_params(content).segment_characters == 60
    content["segment_characters"] = None
    assert VoxtralConfig.from_params(content).segment_characters is None
    for wrong in (0, -1, 6.5, "60", True):
        content["segment_characters"] = wrong
        with pytest.raises(CheckpointError, match="segment_characters"):
            VoxtralConfig.from_params(content)


def test_the_codebook_id_is_of_the_codebook_alone(tiny: Path, tmp_path: Path):
    copied = tmp_path / "copied"
    shutil.copytree(tiny, copied)
    with Checkpoint(tiny) as checkpoint:
        before = checkpoint.codebook_id()
    assert 0 <= before < 2**31

    def changed(name: str) -> int:
        tensors = load_file(tiny / "consolidated.safetensors")
        tensors[name].view(-1)[-1] += 1
        save_file(tensors, copied / "consolidated.safetensors")
        with Checkpoint(copied) as checkpoint:
            return checkpoint.codebook_id()

    assert changed("norm.weight") == before
    codebook = "audio_tokenizer.quantizer.semantic_codebook."
    assert len({before, *(changed(codebook + n) for n in ("cluster_usage", "embedding_sum"))}) == 3


def test_codebook_sizes_may_be_one_string():
    content = params("full")
    audio = content["multimodal"]["audio_model_args"]
    for key in ("semantic_codebook_size", "acoustic_codebook_size", "n_acoustic_codebook"):
        del audio[key]
    audio["codebook_sizes"] = ",".join(["8192"] + ["21"] * 36)
    assert VoxtralConfig.from_params(content) == FULL


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("dim", None, r"p\.json: dim: is missing"),
        ("n_layers", "26", r"n_layers: expected an integer of at least 1, found '26'"),
        ("hidden_dim", -1, r"hidden_dim: expected an integer"),
        ("n_heads", True, r"n_heads: expected an integer"),
        ("n_kv_heads", 7, r"n_kv_heads: 7 does not divide n_heads 32"),
        ("norm_eps", 0, r"norm_eps: expected a positive number"),
        ("rope_theta", float("nan"), r"rope_theta: expected a positive number"),
        ("rope_theta", 10**400, r"rope_theta: expected a positive number"),
        ("use_biases", True, r"use_biases: only false is supported"),
        ("multimodal", [], r"multimodal: expected an object, found list"),
        (
            "multimodal.audio_tokenizer_args.decoder_convs_strides_str",
            "1,2,x,2",
            r"audio_tokenizer_args\.decoder_convs_strides_str: expected integers",
        ),
        (
            "multimodal.audio_tokenizer_args.decoder_convs_strides_str",
            "1,2,2," + "9" * 5000,
            r"decoder_convs_strides_str: expected integers",
        ),
        (
            "multimodal.audio_tokenizer_args.decoder_convs_strides_str",
            "1,2,2",
            r"decoder_convs_strides_str: differs in length",
        ),
        ("multimodal.audio_tokenizer_args.qk_norm", False, r"qk_norm: only true is supported"),
        (
            "multimodal.audio_model_args.acoustic_transformer_args.input_dim",
            64,
            r"input_dim: differs from dim",
        ),
    ],
)
def test_errors_name_the_file_and_the_key(path, value, message):
    content = copy.deepcopy(params("full"))
    *parents, key = path.split(".")
    section = content
    for parent in parents:
        section = section[parent]
    section[key] = value
    with pytest.raises(CheckpointError, match=message):
        VoxtralConfig.from_params(content, "p.json")


def test_a_made_checkpoint_is_valid_and_loads_by_name(tiny):
    with Checkpoint(tiny) as checkpoint:
        checkpoint.validate()
        assert checkpoint.names() == sorted(expected_tensors(checkpoint.config))
        stored = checkpoint.tensor("layers.1.feed_forward.w2.weight")
        assert list(checkpoint.voice_files) == ["casual_male", "fr_female", "neutral_female"]
        assert checkpoint.voice("fr_female").shape == (11, 64)
        with pytest.raises(CheckpointError, match=r"no voice 'nobody'; there are: casual_male, "):
            checkpoint.voice("nobody")
    model = VoxtralTTS.from_checkpoint(tiny)
    assert torch.equal(model.language_model.layers[1].feed_forward.w2.weight, stored.float())
    assert not any(t.is_meta for t in (*model.parameters(), *model.buffers()))


def test_all_problems_are_listed_at_once(tiny, tmp_path):
    (tmp_path / "params.json").write_text((tiny / "params.json").read_text())
    tensors = load_file(tiny / "consolidated.safetensors")
    del tensors["norm.weight"]
    tensors["lm_head.weight"] = torch.zeros(2, dtype=torch.bfloat16)
    tensors["layers.0.ffn_norm.weight"] = torch.zeros(3, dtype=torch.bfloat16)
    tensors["layers.1.ffn_norm.weight"] = tensors["layers.1.ffn_norm.weight"].half()
    save_file(tensors, tmp_path / "consolidated.safetensors")
    with pytest.raises(CheckpointError) as caught:
        Checkpoint(tmp_path).validate()
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}: 4 problems:")
    for problem in (
        "norm.weight: missing tensor",
        "layers.0.ffn_norm.weight: shape [3], expected [64]",
        "tekken.json: missing file",
        "voice_embedding/*.pt: missing files",
    ):
        assert problem in message


def _change_params(folder: Path, key: str, value: object) -> None:
    file = folder / "params.json"
    content = json.loads(file.read_text())
    *parents, last = key.split(".")
    section = content
    for parent in parents:
        section = section[parent]
    section[last] = value
    file.write_text(json.dumps(content))


def _change_tokenizer(folder: Path, section: str, key: str, value: object) -> None:
    file = folder / "tekken.json"
    content = json.loads(file.read_text())
    content[section][key] = value
    file.write_text(json.dumps(content))


def _voice(folder: Path) -> Path:
    return folder / "voice_embedding" / "casual_male.pt"


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


_ENCODING = "multimodal.audio_model_args.audio_encoding_args"
_CODEC = "multimodal.audio_tokenizer_args"

# What is done to a whole folder -> what the one line about it says.
FAULTS = {
    "voice: cut file": (lambda f: _cut(_voice(f)), r"casual_male\.pt: cannot be read"),
    "voice: empty file": (lambda f: _voice(f).write_bytes(b""), r"casual_male\.pt: "),
    "voice: other width": (
        lambda f: torch.save(torch.zeros(3, 65), _voice(f)),
        r"casual_male\.pt: shape \[3, 65\], expected \[N, 64\]",
    ),
    "voice: a vector": (
        lambda f: torch.save(torch.zeros(64), _voice(f)),
        r"casual_male\.pt: shape \[64\], expected",
    ),
    "voice: no rows": (
        lambda f: torch.save(torch.zeros(0, 64), _voice(f)),
        r"casual_male\.pt: shape \[0, 64\], expected",
    ),
    "voice: integers": (
        lambda f: torch.save(torch.zeros(3, 64, dtype=torch.int64), _voice(f)),
        r"casual_male\.pt: dtype torch\.int64, expected",
    ),
    "voice: not finite": (
        lambda f: torch.save(torch.full((3, 64), float("nan")), _voice(f)),
        r"casual_male\.pt: holds values that are not finite",
    ),
    "voice: no tensor": (
        lambda f: torch.save({"rows": torch.zeros(3, 64)}, _voice(f)),
        r"casual_male\.pt: holds a dict, expected a tensor",
    ),
    "voice: two files": (
        lambda f: save_file({"a": torch.zeros(3, 64)}, _voice(f).with_suffix(".safetensors")),
        r"casual_male\.safetensors: a second file of the voice casual_male",
    ),
    "voice: two tensors": (
        lambda f: save_file(
            {"a": torch.zeros(3, 64), "b": torch.zeros(3, 64)}, f / "voice_embedding/x.safetensors"
        ),
        r"x\.safetensors: 2 tensors, expected one",
    ),
    "vocabulary: other size": (
        lambda f: _change_tokenizer(f, "config", "default_vocab_size", 1535),
        r"default_vocab_size is 1535, in params\.json vocab_size is 1536",
    ),
    "vocabulary: no pattern": (
        lambda f: _change_tokenizer(f, "config", "pattern", None),
        r"config\.pattern is missing",
    ),
    "vocabulary: too many special tokens": (
        lambda f: _change_tokenizer(f, "config", "default_num_special_tokens", 1536),
        r"default_num_special_tokens is 1536, expected an integer from 1 to 1535",
    ),
    "vocabulary: too few rows": (
        lambda f: _change_tokenizer(f, "config", "default_num_special_tokens", 900),
        r"vocab has 600 rows, expected 636",
    ),
    "vocabulary: a row out of order": (
        lambda f: _change_tokenizer(f, "vocab", 7, {"rank": 8, "token_bytes": "AA=="}),
        r"vocab row 7: rank 8, expected 7",
    ),
    "vocabulary: other sampling rate": (
        lambda f: _change_tokenizer(f, "audio", "sampling_rate", 16000),
        r"audio\.sampling_rate is 16000, in params\.json it is 24000",
    ),
    **{
        f"params: {key}": (
            lambda f, key=key, value=value: _change_params(f, key, value),
            rf"params\.json: {key} is {value!r}, expected {expected!r}",
        )
        for key, value, expected in (
            (f"{_ENCODING}.frame_rate", 25.0, 12.5),
            (f"{_ENCODING}.num_codebooks", 36, 37),
            (f"{_CODEC}.sampling_rate", 16000, 24000),
            (f"{_CODEC}.channels", 2, 1),
            (f"{_CODEC}.semantic_codebook_size", 511, 512),
            (f"{_CODEC}.acoustic_codebook_size", 20, 21),
            (f"{_CODEC}.acoustic_dim", 35, 36),
        )
    },
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_runner_would_stumble_over_is_told_before_the_work(tiny, tmp_path, fault):
    folder = tmp_path / "changed"
    shutil.copytree(tiny, folder)
    change, message = FAULTS[fault]
    change(folder)
    with Checkpoint(folder) as checkpoint, pytest.raises(CheckpointError, match=message) as caught:
        checkpoint.validate()
    assert str(caught.value).startswith(f"{folder}: 1 problems:\n  ")


def test_faults_of_different_files_are_one_list(tiny, tmp_path):
    folder = tmp_path / "changed"
    shutil.copytree(tiny, folder)
    made = ("voice: other width", "vocabulary: no pattern", f"params: {_CODEC}.channels")
    for fault in made:
        FAULTS[fault][0](folder)
    with Checkpoint(folder) as checkpoint, pytest.raises(CheckpointError) as caught:
        checkpoint.validate()
    assert str(caught.value).startswith(f"{folder}: 3 problems:")
    for fault in made:
        assert re.search(FAULTS[fault][1], str(caught.value))


def test_harmless_differences_are_notes_or_nothing(tiny, tmp_path):
    folder = tmp_path / "changed"
    shutil.copytree(tiny, folder)
    tensors = load_file(tiny / "consolidated.safetensors")
    tensors["lm_head.weight"] = torch.zeros(2, dtype=torch.bfloat16)
    tensors["norm.weight"] = tensors["norm.weight"].float()
    tensors["layers.1.ffn_norm.weight"] = tensors["layers.1.ffn_norm.weight"].half()
    usage = "audio_tokenizer.quantizer.semantic_codebook.cluster_usage"
    tensors[usage] = tensors[usage].float()
    save_file(tensors, folder / "consolidated.safetensors")
    rows = torch.load(_voice(folder), weights_only=True)
    _voice(folder).unlink()
    save_file({"rows": rows.float()}, _voice(folder).with_suffix(".safetensors"))
    (folder / "voice_embedding" / "._fr_female.pt").write_bytes(b"of a file system")
    for key in ("use_biases", f"{_CODEC}.causal", f"{_CODEC}.channels", f"{_ENCODING}.frame_rate"):
        _change_params(folder, key, None)
    with Checkpoint(folder) as checkpoint, Checkpoint(tiny) as plain:
        checkpoint.validate()
        assert checkpoint.notes() == [
            "consolidated.safetensors: tensors that the model does not have are left out: "
            "lm_head.weight",
            "consolidated.safetensors: tensors that are not BF16 are converted: "
            f"{usage}, layers.1.ffn_norm.weight, norm.weight",
        ]
        assert plain.notes() == []
        assert list(checkpoint.voice_files) == ["casual_male", "fr_female", "neutral_female"]
        assert torch.equal(checkpoint.voice("casual_male"), rows.float())
        assert checkpoint.codebook_id() == plain.codebook_id()
    model, expected = VoxtralTTS.from_checkpoint(folder), VoxtralTTS.from_checkpoint(tiny)
    for name, tensor in expected.state_dict().items():
        assert torch.allclose(model.state_dict()[name], tensor, rtol=2e-3), name  # fp16's rounding


def test_unreadable_files_are_named(tiny, tmp_path):
    with pytest.raises(CheckpointError, match=r"params\.json: cannot be read"):
        Checkpoint(tmp_path)
    (tmp_path / "params.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"params\.json: is not JSON"):
        Checkpoint(tmp_path)
    (tmp_path / "params.json").write_text(json.dumps(params("tiny")))
    with pytest.raises(CheckpointError, match=r"consolidated\.safetensors: cannot be opened"):
        Checkpoint(tmp_path)
    (tmp_path / "consolidated.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}")
    with pytest.raises(
        CheckpointError, match=r"consolidated\.safetensors: cannot be opened.*download it again"
    ):
        Checkpoint(tmp_path)


def _copy_with_tokens(checkpoint: Path, folder: Path, change) -> Path:
    """A copy of the folder whose tekken.json has other special tokens."""
    shutil.copytree(checkpoint, folder, dirs_exist_ok=True)
    content = json.loads((folder / "tekken.json").read_text())
    content["special_tokens"] = change(content["special_tokens"])
    (folder / "tekken.json").write_text(json.dumps(content))
    return folder


def test_special_tokens_have_the_ids_of_the_published_file(tiny):
    # Oracle: the published tekken.json and params.json.
    with Checkpoint(tiny) as checkpoint:
        ids = checkpoint.special_ids()
    names = ("<s>", "[AUDIO]", "[BEGIN_AUDIO]", "[REPEAT_AUDIO_TEXT]", "[NEXT_AUDIO_TEXT]")
    assert [ids[name] for name in names] == [1, 24, 25, 35, 36]


def test_special_token_problems_join_the_list(tiny, tmp_path):
    def change(tokens):
        other = {"[AUDIO]": 25, "[BEGIN_AUDIO]": 24, "[REPEAT_AUDIO_TEXT]": "35"}
        kept = [t for t in tokens if t["token_str"] not in ("<s>", "[NEXT_AUDIO_TEXT]")]
        return [t | {"rank": other.get(t["token_str"], t["rank"])} for t in kept]

    with Checkpoint(_copy_with_tokens(tiny, tmp_path, change)) as checkpoint:
        (tmp_path / "voice_embedding").rename(tmp_path / "elsewhere")
        with pytest.raises(CheckpointError) as caught:
            checkpoint.validate()
    assert str(caught.value).splitlines() == [
        f"{tmp_path}: 6 problems:",
        "  tekken.json: special token <s> is missing",
        "  tekken.json: [AUDIO] is 25, in params.json it is 24",
        "  tekken.json: [BEGIN_AUDIO] is 24, in params.json it is 25",
        "  tekken.json: special token [NEXT_AUDIO_TEXT] is missing",
        "  tekken.json: [REPEAT_AUDIO_TEXT] has the id '35', expected an integer",
        "  voice_embedding/*.pt: missing files",
    ]


@pytest.mark.parametrize("tokens", [None, [], ["<s>"], [{"rank": 1}]])
def test_a_tekken_json_without_special_tokens_is_one_problem_per_line(tiny, tmp_path, tokens):
    with pytest.raises(CheckpointError, match=r"problems:\n  tekken\.json: (no )?special token"):
        Checkpoint(_copy_with_tokens(tiny, tmp_path, lambda _: tokens)).validate()
