"""Plants an END frame in a synthetic checkpoint, so that stopping can be tested."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from .checkpoint import SEMANTIC_HEAD, Checkpoint
from .config import END_AUDIO, CheckpointError
from .modules import VoxtralTTS
from .noise import normal_frames
from .synthetic_tokenizer import PromptTokenizer
from .synthetic_weights import overwrite_row

_MARGIN = 1.3  # END's logit over the largest other one, at its frame
_LARGE = 1 << 30  # bytes of tensors from which the run is in bf16, which needs half the memory
# Frames generated past the END frame, as examples of states that must not end. Where states are
# wide, they are nearly orthogonal anyway.
_OTHER_FRAMES, _OTHER_FRAMES_LARGE = 24, 2


@dataclass(frozen=True, slots=True)
class EndPoint:
    """END comes instead of audio frame `frame` (0-based) for this text, voice and seed."""

    frame: int
    text: str
    voice: str
    seed: int


def plant_end(folder: Path, end: EndPoint) -> None:
    """Rewrites the END row of the semantic head and checks that generation now stops there.

    The row solves a regularised least-squares problem: large at the frame's hidden state, small
    at the others of the run, which is the reference's, in fp32 (full size: bf16). Raises
    CheckpointError when no such row exists.
    """
    hiddens, largest = _run(folder, end)
    if len(hiddens) <= end.frame:
        raise CheckpointError(f"{folder}: generation stops before frame {end.frame}")
    target = hiddens[end.frame]
    others = torch.cat((hiddens[: end.frame], hiddens[end.frame + 1 :]))
    scatter = others.T @ others / len(others)
    ridge = 0.5 * scatter.diagonal().mean() * torch.eye(len(target))
    row = torch.linalg.solve(scatter + ridge, target)
    row *= _MARGIN * largest[end.frame] / (row @ target)
    overwrite_row(folder / "consolidated.safetensors", SEMANTIC_HEAD, END_AUDIO, row)
    ended_at = len(_run(folder, end)[0]) - 1
    if ended_at != end.frame:
        raise CheckpointError(
            f"{folder}: END planted at frame {end.frame} shows at {ended_at}; try another seed"
        )


@torch.no_grad()
def _run(folder: Path, end: EndPoint) -> tuple[Tensor, Tensor]:
    """Hidden states [n, dim] and largest semantic logits [n] of a run, the END frame's included."""
    with Checkpoint(folder) as checkpoint:
        voice = checkpoint.voice(end.voice)
        large = checkpoint.tensor_file.stat().st_size > _LARGE
        if not large:
            torch.set_num_threads(1)  # matrices this small only lose time to several threads
        model = VoxtralTTS.from_checkpoint(checkpoint, torch.bfloat16 if large else torch.float32)
        ids = PromptTokenizer(checkpoint.tokenizer_file).prompt_ids(end.text, len(voice))
    others = _OTHER_FRAMES_LARGE if large else _OTHER_FRAMES
    noise = torch.from_numpy(normal_frames(end.seed, end.frame + 1 + others))
    frames = model.frames(model.prompt_embeddings(ids, voice), noise)
    hiddens = torch.cat([frame.hidden for frame in frames])
    largest = model.flow_head.semantic_logits(hiddens).amax(-1)
    return hiddens.float(), largest
