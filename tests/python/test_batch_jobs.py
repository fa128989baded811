"""The job file of a batch: what is a job, and what is wrong with the rest."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from voxtral_tts.batch import jobs as jobs_module
from voxtral_tts.batch.jobs import MAX_ID, BadLine, Job, read_jobs
from voxtral_tts.errors import UsageError


def read(content: bytes, **defaults: Any) -> list[Job | BadLine]:
    return list(read_jobs(io.BytesIO(content), defaults))


def line(**members: Any) -> bytes:
    return json.dumps({"id": "a", "text": "Hello.", **members}).encode() + b"\n"


def problem(content: bytes) -> str:
    """What is wrong with the only line."""
    (bad,) = read(content)
    assert isinstance(bad, BadLine)
    assert bad.line == 1
    return bad.message


def test_a_job_has_the_members_of_its_line_then_the_defaults() -> None:
    content = line(seed=7, voice=None) + line(id="b", format="flac", normalize=False)
    first, second = read(content, seed=3, voice="fr_female")
    assert first == Job("a", "Hello.", voice="fr_female", seed=7)
    assert second == Job("b", "Hello.", voice="fr_female", seed=3, format="flac", normalize=False)
    assert second.audio_name == "b.flac"


def test_every_member_can_be_given() -> None:
    members = {
        "id": "Straße 7 (final).v2",
        "text": "«Ça va?» \U0001f600",
        "voice": "fr_female",
        "language": "fr",
        "seed": 2**64 - 1,
        "format": "pcm",
        "sample_rate": 16000,
        "normalize": False,
        "temperature": 1,
        "cfg_alpha": 1.5,
        "max_frames": 3,
    }
    assert read(json.dumps(members).encode()) == [Job(**members)]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + line() + line(id="b"),
        line().replace(b"\n", b"\r\n") + b"\r\n  \t\n" + line(id="b"),
        line() + line(id="b").rstrip(),
    ],
    ids=["byte order mark", "CRLF and blank lines", "no last line ending"],
)
def test_line_endings_and_marks_do_not_matter(content: bytes) -> None:
    assert read(content) == [Job("a", "Hello."), Job("b", "Hello.")]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf\n"])
def test_nothing_is_no_job(content: bytes) -> None:
    assert read(content) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not valid JSON"),
        (b"nonsense", "not valid JSON"),
        (b'{"id": "a", "text": "\xff"}', "not valid UTF-8: byte 21"),
        (b'{"id": "a", "text": "x\x00"}', "not valid JSON"),
        (b'["a"]', "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"id": "a", "id": "b", "text": ""}', "a key is there twice"),
        (b'{"id": "a", "text": "x", "temperature": NaN}', "NaN"),
        (b'{"id": "a", "text": "x", "seed": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (line(speed=1), 'unknown key "speed"; a job has id, text'),
        (line(id=None), "id is missing"),
        (b'{"id": "a"}', "text is missing"),
        (b'{"text": "a"}', "id is missing"),
    ],
)
def test_a_line_that_is_no_job(content: bytes, message: str) -> None:
    assert message in problem(content)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        *(("text", value) for value in (1, ["a"], "\ud800", True)),
        *(("voice", value) for value in ("", 5, "a\0b")),
        *(("language", value) for value in ("", "xx", "EN", 1)),
        *(("seed", value) for value in (-1, 2**64, 1.0, True, "1")),
        *(("format", value) for value in ("exe", "WAV", 1, "")),
        *(("sample_rate", value) for value in (0, -8000, "24000", 24000.0)),
        *(("normalize", value) for value in (0, "yes")),
        *(("temperature", value) for value in (-0.1, 101, 1e999, "0", False)),
        *(("cfg_alpha", value) for value in (-101, 101, "1")),
        *(("max_frames", value) for value in (0, 2**31, 1.5)),
    ],
)
def test_a_member_of_the_wrong_kind_is_named(member: str, value: Any) -> None:
    assert problem(line(**{member: value}).replace(b"Infinity", b"1e999")).startswith(member)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", ".hidden", "../a", "a/b", "/etc/passwd", "a\\b", "C:a"),
        *("-rf", " a", "a ", "a."),
        *("a\0b", "a\nb", "a\x7f", "a\u202eb", "\ud800", "a?", "a*", "é" * (MAX_ID // 2 + 1)),
        *(1, 1.5, True, ["a"], {"a": 1}),
    ],
)  # fmt: skip
def test_an_id_that_cannot_name_a_file_is_refused(name: Any) -> None:
    assert problem(line(id=name)).startswith("id ")


def test_the_longest_id_names_a_file() -> None:
    (job,) = read(line(id="é" * (MAX_ID // 2)))
    assert isinstance(job, Job)
    assert len(job.audio_name.encode()) < 220


@pytest.mark.parametrize(
    ("first", "second"), [("a", "a"), ("a", "A"), ("Straße", "STRASSE"), ("é", "e\u0301")]
)
def test_an_id_of_an_earlier_line_is_refused(first: str, second: str) -> None:
    job, bad = read(line(id=first) + b"\n" + line(id=second))
    assert isinstance(job, Job)
    assert isinstance(bad, BadLine)
    assert (bad.line, bad.id) == (3, second)
    assert "that of line 1 already" in bad.message


def test_bad_lines_do_not_hide_the_others() -> None:
    found = read(b"{\n" + line() + b"\xff\n" + line(id="b") + line(id="c", seed="x"))
    assert [job.line if isinstance(job, BadLine) else job.id for job in found] == [
        *(1, "a", 3, "b", 5)
    ]


def test_a_line_that_is_too_long_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "MAX_LINE", 1000)
    longest = 0

    class File(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            nonlocal longest
            found = super().readline(size)
            longest = max(longest, len(found))
            return found

    content = b'{"id": "' + b"x" * 100_000 + b'"}\n' + line() + b"y" * 1001
    found = list(read_jobs(File(content), {}))
    assert [type(job) for job in found] == [BadLine, Job, BadLine]
    assert found[0].message == "longer than 1000 bytes"
    assert found[2].line == 3
    assert longest <= 1001


def test_a_job_of_the_python_interface_is_checked_as_well() -> None:
    with pytest.raises(UsageError, match="seed"):
        Job("a", "Hello.", seed=-1)
    with pytest.raises(UsageError, match="id"):
        Job("../a", "Hello.")
