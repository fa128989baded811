"""Segments: blocks, sentences, pauses, streams."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from voxtral_tts.errors import TextError, UsageError
from voxtral_tts.text import Segment, normalize, prepare


def segments(text: object, language: str = "en", **options: object) -> list[tuple[str, float]]:
    """Text and pause; a pause that came later, as a segment of its own, is the segment's before."""
    found: list[tuple[str, float]] = []
    for segment in prepare(text, language=language, **options):  # type: ignore[arg-type]
        assert isinstance(segment, Segment)
        if found and not segment.text:
            found[-1] = (found[-1][0], found[-1][1] + segment.pause_s)
        else:
            found.append((segment.text, segment.pause_s))
    return found


def test_the_first_sentence_is_alone_and_the_others_share_a_segment() -> None:
    assert segments("One. Two! Three? Four") == [("One.", 0.2), ("Two! Three? Four.", 0.0)]


@pytest.mark.parametrize(
    ("language", "text", "sentences"),
    [
        ("en", "See you on Dec. 25th.", ["See you on December twenty-fifth."]),
        ("en", "On Sat. 3 Feb. 2024.", ["On Saturday third February twenty twenty-four."]),
        ("en", "At 5 p.m. 3 people came.", ["At five p.m. three people came."]),
        ("en", "Art. 5 says no.", ["Article five says no."]),
        ("en", "I came in May. 3 left.", ["I came in May.", "three left."]),
        ("de", "Er wohnt Hauptstr. 5 in Bonn.", ["Er wohnt Hauptstraße fünf in Bonn."]),
        ("de", "Es ist Bauerstr. Er kam.", ["Es ist Bauerstr.", "Er kam."]),
        ("fr", "Tél. : 06 12.", ["Téléphone : zéro six douze."]),
        ("en", "I like the Sun. It is hot.", ["I like the Sun.", "It is hot."]),
        ("en", "No. It is bad.", ["No.", "It is bad."]),
        ("de", "Das war im Mai. 3 Leute kamen.", ["Das war im Mai.", "drei Leute kamen."]),
        ("fr", "Le 3 déc. 2024.", ["Le trois décembre deux mille vingt-quatre."]),
        ("nl", "Op 3 dec. 2024.", ["Op drie december tweeduizendvierentwintig."]),
        ("it", "Il 3 dic. 2024.", ["Il tre dicembre duemilaventiquattro."]),
    ],
)
def test_a_number_after_an_abbreviation(language: str, text: str, sentences: list[str]) -> None:
    assert [segment for segment, _ in segments(text, language)] == sentences


def test_blocks_have_their_pauses() -> None:
    text = (
        "# Title\n\nA paragraph of\ntwo lines.\n\n- milk\n- 2 eggs\n\n1. first\n2) second\n\n"
        "> quoted\n\n| a | b |\n|---|---|\n| c | d |\n\n---\n\n```\ncode\n```\nend"
    )
    assert segments(text) == [
        ("Title.", 0.8),
        ("A paragraph of two lines.", 0.6),
        ("milk.", 0.4),
        ("two eggs.", 0.4),
        ("one: first.", 0.4),
        ("two: second.", 0.4),
        ("quoted.", 0.6),
        ("a, b.", 0.4),
        ("c, d.", 0.4),
        ("code.", 0.4),
        ("end.", 0.0),
    ]


@pytest.mark.parametrize(
    ("mark", "pause"),
    [
        ("[pause 0.5s]", 0.5),
        ("[pause 500ms]", 0.5),
        ("[PAUSE 10 s]", 10.0),
        ("[pause: .25s]", 0.25),
        ('<break time="500ms"/>', 0.5),
        ("<break time='1.5s' />", 1.5),
        ("<break/>", 0.4),
        ('<break strength="none"/>', 0.0),
        ('<break strength="x-strong"/>', 1.0),
    ],
)
@pytest.mark.parametrize("change", [True, False])
def test_explicit_pauses(mark: str, pause: float, change: bool) -> None:
    stop = "." if change else ""
    for text in (f"One{mark}two", f"One {mark} two", f"One\n\n{mark}\n\ntwo"):
        expected = [("One" + stop, pause), ("two" + stop, 0.0)]
        assert segments(text, normalize=change) == expected
        assert segments(list(text), normalize=change) == expected
    assert segments(f"{mark} One {mark}", normalize=change) == [("", pause), ("One" + stop, pause)]


def test_a_break_may_have_an_end_tag() -> None:
    assert segments('One <break time="1s"></break> two.') == [("One.", 1.0), ("two.", 0.0)]


def test_two_marks_add_up() -> None:
    assert segments("One [pause 1s] [pause 2s] two") == [("One.", 3.0), ("two.", 0.0)]


@pytest.mark.parametrize(
    "mark", ["[pause]", "[pause soon]", "[pause 5]", "[pause -1s]", '<break strength="huge"/>']
)
def test_a_mark_that_is_not_understood(mark: str) -> None:
    with pytest.raises(TextError, match=r"is not understood: write \[pause 0.5s\]") as caught:
        segments(f"One {mark} two")
    assert mark in str(caught.value)


def test_a_pause_that_is_too_long() -> None:
    with pytest.raises(TextError, match=r"'\[pause 11s\]' is longer than 10 s"):
        segments("One [pause 11s] two")


@pytest.mark.parametrize(
    "text", ["", "  \n\n", "...", "***\n---\n", "[pause 1s]", "\u200b", "\ufeff", '""']
)
def test_nothing_to_speak(text: str) -> None:
    for change in (True, False):
        for form in (text, list(text)):
            with pytest.raises(TextError, match="nothing to speak"):
                segments(form, normalize=change)


@pytest.mark.parametrize("change", [True, False])
def test_a_byte_order_mark_is_not_spoken(change: bool) -> None:
    for form in ("\ufeffHello.", ["\ufeff", "Hello."], ["\ufeffHel", "lo."]):
        assert segments(form, normalize=change) == [("Hello.", 0.0)]


@pytest.mark.parametrize("change", [True, False])
def test_a_terminals_escape_sequences_go_as_a_whole(change: bool) -> None:
    """Oracle: ECMA-48, whose CSI sequences end in @ to ~, and OSC ones in BEL or ST."""
    text = (
        "\x1b]0;a title\x07\x1b[1;31mDone.\x1b[0m Next \x1b[38;2;255;0;0mone\x1b[m"
        " \x1b]8;;http://x.org\x1b\\link\x1b]8;;\x07.\x1b[K"
    )
    expected = [("Done.", 0.2), ("Next one link.", 0.0)]
    assert segments(text, normalize=change) == expected
    for cut in range(1, len(text)):
        if text[cut : cut + 1] != "\\":  # ESC of a string's end may be a sequence's start
            assert segments([text[:cut], text[cut:]], normalize=change) == expected, cut
    assert normalize("\x1b[1;31mred\x1b[0m", "en") == "red"


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ('"Hello there."', "Hello there."),
        ('"Hello there"', "Hello there."),
        ('"So"?', "So?"),
        ("\u2018Don\u2019t go.\u2019", "Don\u2019t go."),
        ("'Don't go.'", "Don't go."),
        ("\u201eGuten Tag.\u201c", "Guten Tag."),
        ("\u00abBonjour.\u00bb", "Bonjour."),
        ('"Yes," he said, "no."', '"Yes," he said, "no."'),
        ('He said "hi".', 'He said "hi".'),
        ("\u201eGuten Tag\u201c, sagte er.", "\u201eGuten Tag\u201c, sagte er."),
    ],
)
def test_quotation_marks_around_all_of_a_segment_go(text: str, spoken: str) -> None:
    assert segments(text) == [(spoken, 0.0)]
    assert segments(text, normalize=False) == [(text, 0.0)]


def test_arguments() -> None:
    with pytest.raises(UsageError, match="'xx' is not supported"):
        prepare("Hello", language="xx")
    for wrong, kind in ((7, "int"), (b"Hi", "bytes"), (["Hello.", 7], "int"), ([b"Hi"], "bytes")):
        with pytest.raises(TypeError, match=f"must be str.* not {kind}"):
            list(prepare(wrong, language="en"))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="max_characters is 0"):
        prepare("Hello", language="en", max_characters=0)


@pytest.mark.parametrize(
    ("language", "text", "sentences"),
    [
        ("en", "Dr. Smith is here. He is 3.5 m tall.", 2),
        ("en", "J. R. R. Tolkien wrote. We read.", 2),
        ("en", "At Acme Inc. they work. At Acme Inc. We left.", 3),
        ("en", '"Really?" he asked. "Yes."', 2),
        ("en", "See example.com. Then go.", 2),
        ("en", "Wait... what? Yes.", 2),
        ("de", "Am 3. Mai kam z. B. er. Dann ging er.", 2),
        ("de", "Siehe Kapitel 3. Danach ist Schluss.", 2),
        ("fr", "M. Dupont est là. Il mange.", 2),
        ("es", "¿Qué? ¡No! Sí.", 3),
        ("hi", "यह है।वह है। डॉ. शर्मा हैं।", 3),
        ("ar", "ماذا؟ لا. نعم.", 3),
        ("nl", "Dhr. Jansen komt. Hij eet enz. Klaar.", 3),
    ],
)
def test_sentences(language: str, text: str, sentences: int) -> None:
    found = _sentences(text, language)
    assert len(found) == sentences, found


def _sentences(text: str, language: str) -> list[str]:
    """Character by character, so that no two sentences share a segment."""
    return [part for part, _ in segments(list(text), language, normalize=False)]


def test_without_normalisation_no_word_changes() -> None:
    text = "# A **bold** $5 title\n\nIt is 3.5 km. See `x` & y"
    assert segments(text, normalize=False) == [
        ("# A **bold** $5 title", 0.8),
        ("It is 3.5 km. See `x` & y", 0.0),
    ]


def test_final_punctuation_is_the_languages() -> None:
    assert segments("यह है", "hi") == [("यह है।", 0.0)]
    assert segments("ماذا؟", "ar") == [("ماذا؟", 0.0)]
    assert segments('He said "yes"') == [('He said "yes".', 0.0)]
    assert segments("Namely:") == [("Namely.", 0.0)]


def test_a_long_sentence_is_cut_at_clauses_then_words() -> None:
    text = "one two three, four five six, seven eight nine ten eleven twelve"
    found = segments(text, max_characters=30)
    assert found == [
        ("one two three, four five six,", 0.0),
        ("seven eight nine ten eleven,", 0.0),
        ("twelve.", 0.0),
    ]


def test_sentences_may_be_kept_apart() -> None:
    text = "One came. Two went. Three stayed, and four slept on the floor.\n\nFive."
    together = segments(text)
    assert [part for part, _ in together] == [
        "One came.",
        "Two went. Three stayed, and four slept on the floor.",
        "Five.",
    ]
    apart = segments(text, join_sentences=False, max_characters=30)
    assert [part for part, _ in apart] == [
        "One came.",
        "Two went.",
        "Three stayed,",
        "and four slept on the floor.",
        "Five.",
    ]


def test_a_cut_keeps_graphemes_whole() -> None:
    family = "👨\u200d👩\u200d👧"
    for text in (family * 20, "e\u0301" * 50, "क्षि" * 40):
        found = segments(text, "hi", normalize=False, max_characters=7)
        assert "".join(part for part, _ in found) == text
        assert all(not part.startswith(("\u200d", "\u0301", "्", "ि")) for part, _ in found)


def test_a_stream_is_spoken_while_it_comes() -> None:
    taken: list[str] = []

    def tokens() -> Iterator[str]:
        for token in ["Hel", "lo there", ".", " How", " are you?", " I", " am fine."]:
            taken.append(token)
            yield token

    stream = prepare(tokens(), language="en")
    assert next(stream) == Segment("Hello there.", 0.2)
    assert taken == ["Hel", "lo there", ".", " How"]
    assert next(stream) == Segment("How are you?", 0.2)
    assert taken[-1] == " I"
    assert list(stream) == [Segment("I am fine.", 0.0)]


def test_what_is_complete_does_not_wait_for_more() -> None:
    """After an empty line, or where an empty piece says that nothing comes for now."""
    taken: list[str] = []

    def pieces() -> Iterator[str]:
        for piece in ["Hello there.\n", "", "How are\n", "", "you?\n", "", "A line\n\n", "End", ""]:
            taken.append(piece)
            yield piece

    stream = prepare(pieces(), language="en")
    assert next(stream) == Segment("Hello there.", 0.0)
    assert taken == ["Hello there.\n", ""]
    assert [next(stream), next(stream)] == [Segment("", 0.6), Segment("How are you?", 0.0)]
    assert taken[-2:] == ["you?\n", ""]
    assert [next(stream), next(stream)] == [Segment("", 0.6), Segment("A line.", 0.0)]
    assert taken[-1] == "A line\n\n"
    assert list(stream) == [Segment("", 0.6), Segment("End.", 0.0)]  # at its end no pause


@pytest.mark.parametrize(
    "line",
    ["The plan of Dr.\n", "He came to us in the evening, and on\n", "He came.", "He came. An"],
)
def test_an_unfinished_sentence_waits(line: str) -> None:
    found = list(prepare([line, "", "Smith failed.\n", ""], language="en"))
    assert len([segment for segment in found if segment.text]) == (2 if "came. A" in line else 1)


def test_segments_know_where_in_the_text_they_end() -> None:
    text = "# Title\r\n\r\nOne. Two is\r\nhere. Three.\n\n- a\n  - b\n\n[pause 1s] Last one  \n\n"
    for form in (text, list(text), text.splitlines(keepends=True)):
        for segment in prepare(form, language="en", join_sentences=False):
            if segment.text:
                last = segment.text.rstrip(".").split()[-1]
                assert text[: segment.end].rstrip(". \r\n").endswith(last)
    assert segment.end == text.index("one") + len("one  \n")


def test_an_endless_stream_takes_constant_memory() -> None:
    endless = itertools.cycle(["lorem ipsum ", "dolor 12 ", "sit.amet "])
    stream = prepare(endless, language="en")
    assert all(len(next(stream).text) <= 400 for _ in range(200))


def test_pieces_do_not_matter() -> None:
    text = "# One\r\n\r\nDr. A. Bee [pause 1s] paid $1,250.50.\r\n- x\r\n\r\n3.5 km; done. End"
    whole = " ".join(s for s, _ in segments(text))
    for size in range(1, 12):
        pieces = [text[i : i + size] for i in range(0, len(text), size)]
        assert " ".join(s for s, _ in segments(pieces)) == whole
