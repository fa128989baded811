"""What is given away: cibuildwheel's configuration, and what repair_wheel.sh lets through."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHONS = ("cp311", "cp312", "cp313", "cp314")
LICENSES = ("THIRD_PARTY.txt", "Apache-2.0.txt")
WHEEL = "voxtral_tts-0.1.0-cp311-cp311-linux_x86_64.whl"


@pytest.mark.parametrize(
    ("platform", "arch", "tag"),
    [
        ("linux", "x86_64", "manylinux_x86_64"),
        ("linux", "aarch64", "manylinux_aarch64"),
        ("macos", "arm64", "macosx_arm64"),
    ],
)
def test_cibuildwheel_reads_the_configuration(platform: str, arch: str, tag: str) -> None:
    """Oracle: cibuildwheel itself, which refuses options that it does not know."""
    command = [sys.executable, "-m", "cibuildwheel", "--print-build-identifiers"]
    result = subprocess.run(
        [*command, "--platform", platform, "--archs", arch, str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == [f"{python}-{tag}" for python in PYTHONS]


def repair(folder: Path, names: list[str]) -> subprocess.CompletedProcess[str]:
    """Runs the script with an auditwheel that puts `names` into the wheel."""
    with zipfile.ZipFile(folder / WHEEL, "w"):
        pass
    tool = folder / "auditwheel"
    tool.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys, zipfile\n"
        "out = pathlib.Path(sys.argv[sys.argv.index('--wheel-dir') + 1])\n"
        f"name = {WHEEL.replace('linux', 'manylinux_2_34')!r}\n"
        f"with zipfile.ZipFile(out / name, 'w') as wheel:\n"
        f"    [wheel.writestr(each, '') for each in {names!r}]\n"
    )
    tool.chmod(0o755)
    # A Mac's script takes another tool; both get this one.
    (folder / "delocate-wheel").symlink_to(tool)
    return subprocess.run(
        [
            "bash",
            str(ROOT / "scripts" / "repair_wheel.sh"),
            str(folder / WHEEL),
            str(folder / "out"),
        ],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


INFO = [f"voxtral_tts-0.1.0.dist-info/licenses/licenses/{name}" for name in LICENSES]


def test_a_library_with_known_licence_is_carried(tmp_path: Path) -> None:
    result = repair(tmp_path, [*INFO, "voxtral_tts.libs/libcrypto-1a2b3c.so.3"])
    assert result.returncode == 0, result.stderr
    assert "carries libcrypto-1a2b3c.so.3" in result.stdout


def test_a_library_of_unknown_licence_is_refused(tmp_path: Path) -> None:
    result = repair(
        tmp_path, [*INFO, "voxtral_tts.libs/libpcre2-8-1.so", "voxtral_tts.libs/libz-9.so"]
    )
    assert result.returncode == 1
    assert "carries libz-9.so: add the licences" in result.stderr


@pytest.mark.parametrize("missing", LICENSES)
def test_a_wheel_without_licences_is_refused(tmp_path: Path, missing: str) -> None:
    result = repair(tmp_path, [name for name in INFO if not name.endswith(missing)])
    assert result.returncode == 1
    assert f"no {missing}" in result.stderr
