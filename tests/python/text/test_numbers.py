"""Numbers in words against CLDR's, 1,000 for each language; every difference is listed."""

from __future__ import annotations

import pytest
import regex

pytest.importorskip("icu", reason="PyICU is a tool of the tests")

from text.differences import DIFFERENCES
from text.oracle import Oracle, Question, canonical, questions

from voxtral_tts.text import LANGUAGES, normalize
from voxtral_tts.text.languages import language


def ours(question: Question, code: str) -> str:
    """Through the whole normaliser, written as the language writes numbers."""
    facts = language(code)
    if question.kind == "ordinal":
        return canonical(facts.ordinal(int(question.number), ""))
    whole, _, fraction = question.number.partition(".")
    text = f"{int(whole):,}".replace(",", facts.group[-1])
    return canonical(normalize(text + (facts.decimal + fraction if fraction else ""), code))


@pytest.mark.parametrize("code", LANGUAGES)
def test_numbers_are_cldrs(code: str) -> None:
    oracle, used, unlisted = Oracle(code), set(), []
    asked = questions(code)
    assert len(asked) == 1000
    for question in asked:
        expected = oracle.answer(question, language(code).fraction_as_number)
        words = said = ours(question, code)
        for difference in DIFFERENCES[code]:
            if words == expected:
                break
            before = words, expected
            for pattern, replacement in difference.rewrites:
                words = regex.sub(pattern, replacement, words)
                if difference.both:
                    expected = regex.sub(pattern, replacement, expected)
            if (words, expected) != before:
                used.add(difference.reason)
        if words != expected:
            unlisted.append((question.kind, question.number, said, words, expected))
    assert not unlisted, f"{len(unlisted)}: {unlisted[:8]}"
    assert used == {difference.reason for difference in DIFFERENCES[code]}, "a stale difference"
