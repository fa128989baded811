"""docs/text.md: every example is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voxtral_tts.text import LANGUAGES, normalize, prepare
from voxtral_tts.text.blocks import HEADING_S, ITEM_S, PARAGRAPH_S
from voxtral_tts.text.pauses import LONGEST_S
from voxtral_tts.text.preparation import SENTENCE_S

PAGE = (Path(__file__).parents[3] / "docs" / "text.md").read_text()
EXAMPLES = re.findall(rf"^\| ({'|'.join(LANGUAGES)}) \| (.+) \| (.+) \|$", PAGE, re.M)


@pytest.mark.parametrize(("code", "written", "spoken"), EXAMPLES)
def test_example(code: str, written: str, spoken: str) -> None:
    assert normalize(written, code) == spoken


@pytest.mark.parametrize(("code", "written", "spoken"), EXAMPLES)
def test_example_is_one_sentence(code: str, written: str, spoken: str) -> None:
    """What is cut into utterances, as everything that is spoken is."""
    (segment,) = prepare(written, language=code)
    assert segment.text.rstrip(".।") == spoken.rstrip(".।")


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 50


def test_the_pauses_are_the_codes() -> None:
    for pause in (SENTENCE_S, ITEM_S, PARAGRAPH_S, HEADING_S):
        assert f"| {pause:g} s |" in PAGE
    assert f"at most\n{LONGEST_S:g} s" in PAGE


def test_the_first_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code = re.search(r"```python\n(.*?)```", PAGE, re.S)
    assert code
    exec(code[1], {})
    assert capsys.readouterr().out == "News. 0.8\nIt is five degrees Celsius. 0.0\n"
