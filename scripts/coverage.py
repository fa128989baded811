"""Prints the lines and branches of the readers that their C++ tests and the fuzz corpora reach.

Corpora are those of out/fuzz, which `make fuzz` grows; without them the seeds alone are run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "coverage"
FUZZ = ROOT / "out" / "fuzz"
READERS = [
    *(f"cpp/runner/src/{stage}" for stage in ("support", "text", "prompt")),
    *(f"cpp/mlx_delegate/{part}" for part in ("graph", "schema")),
]
MANIFEST = "cpp/runner/src/model/manifest"


def tool(name: str) -> str:
    """clang's own: the format of the profile is that of its version."""
    found = subprocess.run(["clang", f"-print-prog-name={name}"], capture_output=True, text=True)
    return found.stdout.strip() or name


def build() -> None:
    cmake = Path(sys.executable).with_name("cmake")
    for step in (["--preset"], ["--build", "--preset"]):
        log = ["--log-level=WARNING"] if step == ["--preset"] else []
        subprocess.run(
            [cmake, *step, "coverage", *log], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )


def run_all(profiles: Path) -> list[Path]:
    """Runs tests and corpora; returns the programs."""
    seeds = [sys.executable, str(ROOT / "tests" / "fuzz" / "make_seeds.py"), str(FUZZ / "seeds")]
    subprocess.run(seeds, check=True)
    programs = sorted(path for path in (BUILD / "bin").iterdir() if path.is_file())
    for program in programs:
        target = program.name.removeprefix("fuzz_")
        inputs = [str(p) for p in (FUZZ / "corpus" / target, FUZZ / "seeds" / target) if p.is_dir()]
        # Not the tests of time, which is that of optimised code.
        arguments = (
            ["-runs=0", *inputs] if inputs else ["--gtest_brief=1", "--gtest_filter=-*LongRuns*"]
        )
        environment = os.environ | {
            "LLVM_PROFILE_FILE": str(profiles / f"{program.name}.profraw"),
            "TMPDIR": str(profiles),
        }
        result = subprocess.run(
            [program, *arguments], env=environment, capture_output=True, text=True, errors="replace"
        )
        if result.returncode != 0:
            sys.exit(f"{program.name} failed:\n{result.stdout[-3000:]}{result.stderr[-3000:]}")
    return programs


def summary(profiles: Path, programs: list[Path]) -> list[dict[str, Any]]:
    merged = profiles / "merged.profdata"
    raw = sorted(map(str, profiles.glob("*.profraw")))
    subprocess.run([tool("llvm-profdata"), "merge", "-o", merged, *raw], check=True)
    objects = [str(programs[0]), *(f"-object={program}" for program in programs[1:])]
    exported = subprocess.run(
        [tool("llvm-cov"), "export", "-summary-only", f"-instr-profile={merged}", *objects],
        check=True,
        capture_output=True,
        text=True,
    )
    return list(json.loads(exported.stdout)["data"][0]["files"])


def cell(counts: list[tuple[int, int]]) -> str:
    covered, total = (sum(column) for column in zip(*counts, strict=True))
    # Rounded down: nothing is called complete that is not.
    return f"{covered:5}/{total:<5} {1000 * covered // total / 10 if total else 100:5.1f} %"


def main() -> None:
    build()
    with tempfile.TemporaryDirectory() as folder:
        files = summary(Path(folder), run_all(Path(folder)))
    table: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for file in files:
        name = file["filename"].removeprefix(f"{ROOT}/")
        if str(Path(name).parent) in READERS or name.startswith(MANIFEST):
            row = table.setdefault(name, {"lines": [], "branches": []})
            for kind, counts in row.items():
                counts.append((file["summary"][kind]["covered"], file["summary"][kind]["count"]))
    print(f"{'':44}{'lines':>12} {'branches':>23}")
    for name in sorted(table):
        row = table[name]
        print(f"{name.removeprefix('cpp/'):44}{cell(row['lines'])}   {cell(row['branches'])}")
    total = {
        kind: [c for row in table.values() for c in row[kind]] for kind in ("lines", "branches")
    }
    print(f"{'total':44}{cell(total['lines'])}   {cell(total['branches'])}")


if __name__ == "__main__":
    main()
