"""The pages say what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from export.checkpoint import Checkpoint
from export.contract import FORMAT_VERSION, codec_metadata, model_metadata
from export.options import supported_table
from voxtral_cli import program

ROOT = Path(__file__).parents[2]


def page(name: str) -> str:
    return (ROOT / name).read_text()


def test_the_readme_has_the_table_of_supported_combinations() -> None:
    assert supported_table() in page("README.md")


def test_the_contract_page_lists_the_metadata(tiny_checkpoint: Path) -> None:
    with Checkpoint(tiny_checkpoint) as checkpoint:
        codebook_id = checkpoint.codebook_id()
        model = model_metadata(checkpoint.config, codebook_id, 4096, checkpoint.special_ids())
        codec = codec_metadata(checkpoint.config, codebook_id)
    text = page("docs/contract.md")
    assert f"format version {FORMAT_VERSION}" in text
    section = text.split("## Metadata")[1].split("The prompt is")[0]
    listed = set(re.findall(r"`([a-z_]+)`", re.sub(r"`[a-z_]+\.pte`", "", section)))
    assert listed == set(model) | set(codec)


def test_the_reader_requires_what_the_writer_writes(tiny_checkpoint: Path) -> None:
    with Checkpoint(tiny_checkpoint) as checkpoint:
        codebook_id = checkpoint.codebook_id()
        model = model_metadata(checkpoint.config, codebook_id, 4096, checkpoint.special_ids())
        codec = codec_metadata(checkpoint.config, codebook_id)
    reader = page("cpp/runner/src/model/metadata.cpp")
    read = set(re.findall(r'reader\.(?:integer|real|integers)\(\s*"([a-z_]+)"', reader))
    assert read | {"format_version"} == set(model) | set(codec)


def test_every_document_named_in_the_readme_exists() -> None:
    for name in re.findall(r"\]\(((?!http)[^)#]+)", page("README.md")):
        assert (ROOT / name).exists(), name


def test_every_extra_that_is_named_exists() -> None:
    """In messages and on pages; the package itself is in no index, so nothing reinstalls it by
    its name."""
    project = tomllib.loads(page("pyproject.toml"))["project"]
    extras = set(project["optional-dependencies"])
    folders = ("python", "export", "training", "cpp", "docs")
    files = [path for name in folders for path in (ROOT / name).rglob("*.*")]
    paths = [path for path in files if path.suffix in (".py", ".cpp", ".h", ".md")]
    texts = {path: path.read_text() for path in (*paths, ROOT / "README.md")}
    named = {
        extra
        for text in texts.values()
        for found in re.findall(r"pip install '(?:voxtral_tts|\.)\[([a-z,]+)\]'", text)
        for extra in found.split(",")
    }
    assert {"audio", "plot", "server", "export", "ray", "mlx"} <= named <= extras
    for path, text in texts.items():
        assert not re.search(r"pip install [^\n]*reinstall voxtral_tts", text), path


def test_the_python_page_names_the_dependencies() -> None:
    project = tomllib.loads(page("pyproject.toml"))["project"]
    names = [re.split(r"[<>=]", text)[0] for text in project["dependencies"]]
    sentence = page("docs/python.md").split("The package needs ")[1].split(", not\n")[0].lower()
    assert all(name in sentence for name in names), names


def test_links_between_documents_lead_somewhere() -> None:
    for path in (ROOT / "docs").glob("*.md"):
        for name in re.findall(r"\]\(((?!http)[^)#]+)", path.read_text()):
            assert (path.parent / name).exists(), f"{path.name}: {name}"


@pytest.mark.parametrize("command", [[], ["say"], ["voices"], ["doctor"]])
def test_the_manual_quotes_the_help(command: list[str], tmp_path: Path) -> None:
    result = program(tmp_path, *command, "--help")
    assert result.returncode == 0
    text = result.stdout.decode()
    assert f"```text\n{text}```" in page("docs/voxtral-tts.md")
    assert max(map(len, text.splitlines())) <= 80
