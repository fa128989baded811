"""The counting of fuzz targets: every target is built, seeded and counted; findings are not met."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from export.config import VoxtralConfig
from fuzz import make_seeds, params_json
from reliability import fuzzing

ROOT = Path(__file__).parents[2]


def test_every_target_is_built_and_has_seeds_and_a_goal():
    cmake = (ROOT / "tests" / "fuzz" / "CMakeLists.txt").read_text()
    built = re.search(r"foreach\(_target ([\w ]+)\)", cmake)
    assert built and set(built.group(1).split()) == set(fuzzing.GOALS) - {fuzzing.PARAMS}
    seeds = make_seeds.all_seeds()
    assert set(seeds) == set(fuzzing.GOALS) - {fuzzing.PARAMS}
    assert all(seeds.values())
    assert sum(len(seed) for target in seeds.values() for seed in target.values()) < 1_000_000


def test_counts_add_up_and_an_open_finding_is_not_met(tmp_path):
    for _ in range(2):
        state = fuzzing.State.load(tmp_path)
        state.full = True
        state.targets["text"].inputs += 600_000
        state.targets["wav"].inputs += 400_000
        state.targets["voice_pt"].inputs += 5_000_000
        state.save(tmp_path)
    met = {what: met for what, _, _, met in fuzzing.rows(tmp_path)}
    assert met["fuzzing text"] and met["fuzzing voice_pt"]
    assert not met["fuzzing wav"] and not met["fuzzing tekken"]
    state.targets["text"].open = ["crash-1"]
    state.save(tmp_path)
    assert not {what: met for what, _, _, met in fuzzing.rows(tmp_path)}["fuzzing text"]


def test_inputs_that_once_failed_do_so_no_more():
    assert fuzzing.still_failing(fuzzing.PARAMS) == []
    assert len(fuzzing.findings_of(fuzzing.PARAMS)) >= 3


def test_the_loop_over_params_json_sees_another_exception(tmp_path, monkeypatch):
    file = tmp_path / "params.json"
    assert params_json.problem(file, b"[]") is None
    monkeypatch.setattr(VoxtralConfig, "from_params", lambda *_: 1 / 0)
    assert "ZeroDivisionError" in str(params_json.problem(file, b"[]"))


@pytest.mark.parametrize("mutate", [params_json.mutate_tokens, params_json.mutate_bytes])
def test_mutations_reach_both_answers(tmp_path, mutate):
    file, rng, accepted = tmp_path / "params.json", random.Random(1), 0
    for _ in range(300):
        content = mutate(rng)
        assert params_json.problem(file, content) is None
        try:
            VoxtralConfig.from_file(file)
            accepted += 1
        except ValueError:
            pass
    assert 0 < accepted < 300
