"""One tiny checkpoint for all parity tests, and their comparisons with an independent model.

The oracle is the PyTorch model that ships in the ExecuTorch wheel (examples/models/voxtral_tts),
which has a reader, a weight mapping and an attention operator of its own. Its one deviation in the
model, the ALiBi slopes, is corrected from outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor

from export.checkpoint import Checkpoint
from export.modules import VoxtralTTS
from export.noise import normal_frames
from export.synthetic import make_checkpoint
from export.synthetic_tokenizer import PromptTokenizer
from exporting import MAX_SEQ_LEN as EXPORTED_SEQ_LEN
from voxtral_tts import Runner

TEXT = "The weather would change before the evening."
VOICE = "casual_male"
MAX_SEQ_LEN = 256


def authors_slopes(n_heads: int) -> Tensor:
    """1, 1/2 .. 1/128 for 8 heads, as in the model authors' own serving code."""
    return torch.tensor([0.5 ** (8 * i / n_heads) for i in range(n_heads)])


def relative_error(actual: Tensor, expected: Tensor) -> float:
    return float((actual - expected).norm() / expected.norm())


class Comparisons:
    """Relative errors (L2) of a model's parts against the oracle, on fixed inputs."""

    def __init__(self, folder: Path, oracle_module: ModuleType) -> None:
        self.oracle = oracle_module.load_model(str(folder), max_seq_len=MAX_SEQ_LEN)
        with Checkpoint(folder) as checkpoint:
            self.voice = checkpoint.voice(VOICE)
            self.config = checkpoint.config
        self.ids = PromptTokenizer(folder / "tekken.json").prompt_ids(TEXT, len(self.voice))
        generator = torch.Generator().manual_seed(7)
        self.embeddings = torch.randn(1, 40, self.config.language_model.dim, generator=generator)
        self.hidden = torch.randn(4, self.config.flow_head.dim, generator=generator)
        self.x = torch.randn(4, self.config.n_acoustic, generator=generator)
        sizes = torch.tensor(self.config.codebook_sizes)
        uniform = torch.rand(1, self.config.n_codebooks, 30, generator=generator)
        self.codes = 2 + (uniform * (sizes - 2)[:, None]).long()
        self.codes[0, 0, 3] = 2  # a codebook row that the usage floor decides

    def language_model(self, model: VoxtralTTS) -> float:
        actual = model.language_model.hidden(self.embeddings, torch.tensor([0]))
        expected = self.oracle.decoder(self.embeddings, torch.arange(self.embeddings.shape[1]))
        return relative_error(actual, expected)

    def velocity(self, model: VoxtralTTS) -> float:
        """The worst Euler step."""
        head = model.flow_head
        tokens = head.llm_projection(self.hidden)
        errors = []
        for step in range(head.n_steps):
            index = torch.full((len(self.x),), step)
            expected = self.oracle.flow_head.predict_velocity(self.x, index, self.hidden)
            errors.append(relative_error(head.velocity(self.x, step, tokens), expected))
        return max(errors)

    def wrong_codes(self, model: VoxtralTTS) -> int:
        """Codes that differ over 40 frames, semantic and acoustic, from the same noise."""
        wrong, alpha = 0, torch.tensor([1.2])
        greedy = torch.zeros(1, self.config.semantic_rows)
        for seed in range(40):
            generator = torch.Generator().manual_seed(100 + seed)
            hidden = torch.randn(1, self.config.flow_head.dim, generator=generator)
            torch.manual_seed(seed)
            expected = self.oracle.flow_head(hidden)  # draws its noise first
            torch.manual_seed(seed)
            noise = torch.randn(1, self.config.n_acoustic)
            semantic = model.flow_head.semantic_code(hidden, greedy)
            acoustic = model.flow_head.decode(hidden, noise, alpha)
            wrong += int((torch.cat((semantic[None], acoustic), dim=1) != expected).sum())
        return wrong

    def frame_embedding(self, model: VoxtralTTS) -> float:
        codes = self.codes[:, :, 5]
        expected = self.oracle.audio_token_embedding(codes[..., None])
        return relative_error(model.language_model.embed_codes(codes), expected.view(1, 1, -1))

    def waveform(self, model: VoxtralTTS) -> float:
        expected = self.oracle.codec_decoder(self.codes)[:, 0]
        return relative_error(model.codec.decode(self.codes), expected)

    def first_hidden(self, model: VoxtralTTS) -> float:
        """The state that frame 0 is computed from, against the oracle's last prompt row."""
        return self._generated_hidden(model, 1)

    def second_hidden(self, model: VoxtralTTS) -> float:
        """The state of frame 1, against the oracle's after feeding frame 0 at position P."""
        return self._generated_hidden(model, 2)

    def _generated_hidden(self, model: VoxtralTTS, frames: int) -> float:
        prompt = model.prompt_embeddings(self.ids, self.voice)
        generated = list(model.frames(prompt, torch.from_numpy(normal_frames(42, frames))))
        rows = self.oracle.decoder.tok_embeddings(torch.tensor([self.ids]))
        rows[0, 2 : 2 + len(self.voice)] = self.voice.float()
        for frame in generated[:-1]:
            fed_back = self.oracle.audio_token_embedding(frame.codes[..., None])
            rows = torch.cat((rows, fed_back.view(1, 1, -1)), dim=1)
        expected = self.oracle.decoder(rows, torch.arange(rows.shape[1]))[:, -1]
        return relative_error(generated[-1].hidden, expected)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _no_grad() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint."""
    path = tmp_path_factory.mktemp("parity") / "tiny"
    make_checkpoint("tiny", path, seed=1)
    return path


@pytest.fixture
def model(folder: Path) -> VoxtralTTS:
    return VoxtralTTS.from_checkpoint(folder)


@pytest.fixture(scope="session")
def comparisons(folder: Path) -> Comparisons:
    from executorch.examples.models.voxtral_tts import model as oracle_module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(oracle_module, "_get_alibi_slopes", authors_slopes)
        return Comparisons(folder, oracle_module)


@pytest.fixture(scope="module")
def checkpoint(tiny_checkpoint: Path) -> Checkpoint:
    return Checkpoint(tiny_checkpoint)


@pytest.fixture(scope="module")
def plain(checkpoint: Checkpoint) -> VoxtralTTS:
    """The reference with the checkpoint's own weights."""
    return VoxtralTTS.from_checkpoint(checkpoint, torch.float32, EXPORTED_SEQ_LEN)


@pytest.fixture(scope="module")
def operators(exported: Path) -> Runner:
    """Loading a runner registers the operators; ExecuTorch's runtime then finds them."""
    return Runner(exported / "model.pte", exported / "codec_decoder.pte")
