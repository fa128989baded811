"""A lexicon of one's own: whole words, case, the longest entry, files with mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from voxtral_tts.errors import TextError
from voxtral_tts.text import Lexicon, normalize, prepare, read_lexicon

WORDS = Lexicon({"nguyen": "win", "SQL": "sequel", "new york": "big apple", "new": "fresh"})


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Nguyen and NGUYEN's cat", "win and win's cat"),
        ("SQL, not sql or MySQL", "sequel, not sql or MySQL"),
        ("New  York is new.", "big apple is fresh."),
        ("newer", "newer"),
        ("neu", "neu"),
    ],
)
def test_entries(written: str, spoken: str) -> None:
    assert WORDS.apply(written) == spoken


def test_an_entry_comes_before_every_rule() -> None:
    words = Lexicon({"Dr.": "drive", "24/7": "all day", "C++": "see plus plus"})
    assert normalize("Mulholland Dr. 24/7 in C++", "en", words) == (
        "Mulholland drive all day in see plus plus"
    )
    assert [s.text for s in prepare("C++ works.", language="en", lexicon=words)] == [
        "see plus plus works."
    ]


def test_a_spoken_form_in_the_text_counts_once() -> None:
    assert normalize("[Nguyen](win) and Nguyen", "en") == "win and Nguyen"
    assert normalize("[the page](http://x.org/y), [a](b.html), [x](#y)", "en") == "the page, a, x"


def test_a_file_has_sections(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("\ufeff# mine\nnguyen = win\n\n[fr]\nnguyen = ouine\nIKEA = ikéa\n", "utf-8")
    lexicons = read_lexicon(path)
    assert lexicons["en"].apply("Nguyen, IKEA") == "win, IKEA"
    assert lexicons["fr"].apply("Nguyen, IKEA") == "ouine, ikéa"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"word\n", "line 1: 'word' is no entry; write 'written = spoken'"),
        (b"a = b\n= c\n", "line 2: '= c' is no entry"),
        (b"[pl]\n", "line 1: language 'pl' is not supported; one of: en, fr"),
        (b"a = \xff\n", "is not UTF-8"),
    ],
)
def test_mistakes_in_a_file_are_named(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(content)
    with pytest.raises(TextError, match=r"words\.txt") as caught:
        read_lexicon(path)
    assert message in str(caught.value)
