"""voxtral-tts doctor: what it finds, and what it says to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from voxtral_cli import program
from voxtral_tts.cli import doctor_system


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    """An exported folder to be damaged."""
    return shutil.copytree(exported, tmp_path / "folder")


def findings(folder: Path) -> tuple[int, dict[str, dict[str, str]]]:
    result = program(folder.parent, "doctor", "--model", folder, "--json")
    assert result.stderr == b""
    return result.returncode, {check["name"]: check for check in json.loads(result.stdout)}


def test_all_is_well(folder: Path) -> None:
    code, found = findings(folder)
    assert code == 0
    assert {"Python", "ExecuTorch", "processor", "memory", "cache folder", "soxr"} <= set(found)
    for name in ("model", "codec", "tokenizer"):
        assert "SHA-256 as in manifest.json" in found[name]["finding"]
    assert found["voices"]["finding"].startswith("3 in ")
    assert "backend xnnpack" in found["speech"]["finding"]


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("model.pte", "model"),
        ("codec_decoder.pte", "codec"),
        ("tekken.json", "tokenizer"),
        ("voice_embedding/fr_female.pt", "voice fr_female"),
    ],
)
def test_a_damaged_file_is_found(folder: Path, name: str, check: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).unlink()
    (folder / name).write_bytes(content)
    code, found = findings(folder)
    assert code == 1
    assert found[check]["status"] == "failure"
    assert "SHA-256" in found[check]["finding"]
    assert "export it again" in found[check]["remedy"]


def test_a_file_from_elsewhere_is_compared_with_the_manifest_beside_it(
    folder: Path, exported: Path
) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["codec_decoder.pte"]["bytes"] += 1
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert findings(folder)[0] == 1
    codec = exported / "codec_decoder.pte"
    result = program(folder, "doctor", "--model", folder, "--codec", codec, "--json")
    found = {check["name"]: check["finding"] for check in json.loads(result.stdout)}
    assert result.returncode == 0 and "SHA-256 as in manifest.json" in found["codec"]


@pytest.mark.parametrize("name", ["codec_decoder.pte", "tekken.json"])
def test_a_missing_file_is_found(folder: Path, name: str) -> None:
    (folder / name).unlink()
    result = program(folder.parent, "doctor", "--model", folder / "model.pte")
    assert result.returncode == 1
    assert f"{name}' is missing" in result.stdout.decode()


def test_a_mistyped_model_is_the_only_complaint(tmp_path: Path) -> None:
    result = program(tmp_path, "doctor", "--model", "typo")
    assert result.returncode == 1
    assert result.stdout.count(b"FAIL") == 1 and b"model: 'typo' is missing" in result.stdout


def test_without_a_manifest_and_without_a_model(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    code, found = findings(folder)
    assert (code, found["manifest.json"]["status"]) == (0, "warning")
    small = program(folder.parent, "doctor")
    assert small.returncode == 0 and b"assets/model.pte" in small.stdout


def test_system_checks_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_system, "cpu_features", lambda: {"sse4_2"})
    monkeypatch.setattr(doctor_system, "free_memory", lambda: 10**9)
    monkeypatch.setattr(doctor_system.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(doctor_system, "_OPTIONAL", {"no_such_package": ("playing", "audio")})
    monkeypatch.setenv("VOXTRAL_TTS_CACHE", "/proc/voxtral_tts")
    found = {check.name: check for check in doctor_system.checks(None)}  # type: ignore[arg-type]
    assert "AVX2" in found["processor"].finding and found["processor"].remedy
    assert "close other programs" in found["memory"].remedy
    assert found["no_such_package"].remedy == "pip install 'voxtral_tts[audio]'"
    assert all((check.status == "ok") == (not check.remedy) for check in found.values())


def test_free_memory_of_macos_is_not_all_there_is() -> None:
    """A listing of a Mac of 16 GB, of which 1.2 GB are free or hold what can be read again."""
    listing = """Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                                3072.
Pages active:                            402164.
Pages inactive:                           70000.
Pages speculative:                          928.
Pages throttled:                              0.
Pages wired down:                        214903.
"Translation faults":                 614826571.
Pages stored in compressor:              861394.
"""
    assert doctor_system._free_of_vm_stat(listing) == (3072 + 70000 + 928) * 16384
    assert doctor_system._free_of_vm_stat("vm_stat: not permitted") is None


def test_the_version_of_mlx_is_the_packages() -> None:
    pyproject = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert f"mlx[cpu]=={doctor_system._MLX_VERSION}" in pyproject
