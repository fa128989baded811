"""Plants small faults, one at a time, and tells which of them no test notices.

    python scripts/mutants.py [--only TEXT] [--list]

tests/mutants/faults.toml has the faults. What was seen is kept in out/mutants/results.json, so
that a run that was interrupted goes on; a fault is tried again when its file, its test or itself
changes. Faults of C++ replace one object file of build/tests when the test program is linked anew,
under another name; faults of Python are planted in a copy of the tree. Nothing else is touched.

Exit status 1 when a fault survives or cannot be tried.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FAULTS = ROOT / "tests" / "mutants" / "faults.toml"
OUT = ROOT / "out" / "mutants"
BUILD = ROOT / "build" / "tests"
TEST_PROGRAM = "voxtral_tts_tests"
LIMIT_S = 900  # of one test


@dataclass(frozen=True, slots=True)
class Fault:
    """A line to be replaced, and the test that has to notice it."""

    stage: str
    file: str  # from the tree's root
    find: str  # stands in the file once
    replace: str
    test: str  # a filter of GoogleTest for C++; a file of tests, and more of pytest, for Python

    @property
    def is_cpp(self) -> bool:
        return self.file.endswith(".cpp")

    @property
    def name(self) -> str:
        return f"{self.file}: {self.find.strip().splitlines()[0]}"

    def planted(self) -> str:
        """The file's text with the fault in it."""
        text = (ROOT / self.file).read_text()
        count = text.count(self.find)
        if count != 1:
            raise ValueError(f"{self.name}: stands {count} times in the file, not once")
        return text.replace(self.find, self.replace)

    def key(self) -> str:
        """What the outcome depends on, as far as that is known."""
        parts = [*asdict(self).values(), (ROOT / self.file).read_text()]
        parts += [path.read_text() for path in self.test_files()]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def test_files(self) -> list[Path]:
        if not self.is_cpp:
            return [ROOT / self.test.split()[0]]
        suite = self.test.split(".")[0]
        sources = sorted((ROOT / "tests" / "cpp").rglob("*_test.cpp"))
        return [path for path in sources if f"({suite}, " in path.read_text()]


def faults() -> list[Fault]:
    return [Fault(**entry) for entry in tomllib.loads(FAULTS.read_text())["fault"]]


def run(command: list[str] | str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        shell=isinstance(command, str),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        **options,  # type: ignore[call-overload]
    )


class CppTests:
    """The test program, linked with one object of its own."""

    def __init__(self) -> None:
        ninja = run(["ninja", "-C", str(BUILD), "-t", "commands", TEST_PROGRAM])
        if ninja.returncode:
            raise SystemExit(f"{BUILD} is not built: make build\n{ninja.stdout}")
        self._commands = ninja.stdout.splitlines()

    def test(self, fault: Fault, text: str) -> tuple[bool, str]:
        """Whether the test passes, and what it said."""
        source = OUT / "source.cpp"
        source.write_text(text)
        original = str(ROOT / fault.file)
        compiling = [line for line in self._commands if line.endswith(f"-c {original}")]
        objects = [line.split(" -o ")[1].split()[0] for line in compiling]
        link = self._commands[-1]
        mine = str(OUT / "mutant.o")
        for line, name in zip(compiling, objects, strict=True):
            if f" {name} " in link:
                folder = f"-I{Path(original).parent} "
                compiled = run(
                    line.replace(f"-c {original}", f"{folder}-c {source}").replace(
                        f" -o {name}", f" -o {mine}"
                    ),
                    cwd=BUILD,
                )
                if compiled.returncode:
                    raise ValueError(f"does not compile:\n{compiled.stdout[-2000:]}")
                link = link.replace(f" {name} ", f" {mine} ")
        if mine not in link:
            raise ValueError(f"{fault.file} is no part of {TEST_PROGRAM}")
        program = OUT / "mutated_tests"
        output = link.split(" -o ")[1].split()[0]
        linked = run(link.replace(f" -o {output} ", f" -o {program} "), cwd=BUILD)
        if linked.returncode:
            raise ValueError(f"does not link:\n{linked.stdout[-2000:]}")
        tested = run([str(program), f"--gtest_filter={fault.test}"], cwd=BUILD, timeout=LIMIT_S)
        if "[==========] Running 0 tests" in tested.stdout:
            raise ValueError(f"no test is called {fault.test}")
        return tested.returncode == 0, tested.stdout


class PythonTests:
    """A copy of the tree, whose package takes the compiled part from the installed one."""

    def __init__(self) -> None:
        self._tree = OUT / "tree"
        listed = run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT)
        for name in listed.stdout.splitlines():
            source, target = ROOT / name, self._tree / name
            if not source.is_file() or name.startswith("cpp/"):
                continue
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        for name in (".venv", "build", ".cache", "cpp"):
            link = self._tree / name
            if not link.is_symlink():
                link.symlink_to(ROOT / name)
        installed = next((ROOT / ".venv" / "lib").glob("python*/site-packages/voxtral_tts"))
        for path in installed.rglob("*"):
            target = self._tree / "python" / "voxtral_tts" / path.relative_to(installed)
            if path.is_file() and not target.exists() and path.suffix != ".pyc":
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(path)

    def test(self, fault: Fault, text: str) -> tuple[bool, str]:
        target = self._tree / fault.file
        before = (ROOT / fault.file).read_text()
        target.write_text(text)
        try:
            command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
            tested = run(
                [*command, *fault.test.split()],
                cwd=self._tree,
                env={
                    **os.environ,
                    "PYTHONPATH": f"{self._tree / 'python'}:{self._tree}",
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "VOXTRAL_TTS_CACHE": str(OUT / "cache"),
                },
                timeout=LIMIT_S,
            )
        finally:
            target.write_text(before)
        if tested.returncode in (4, 5):  # no such file of tests, no such test
            raise ValueError(f"pytest ended with {tested.returncode}:\n{tested.stdout[-2000:]}")
        return tested.returncode == 0, tested.stdout


def without_fault(fault: Fault, tests: CppTests | PythonTests) -> None:
    """A test that fails anyway notices nothing."""
    passes, output = tests.test(fault, (ROOT / fault.file).read_text())
    if not passes:
        raise ValueError(f"{fault.test} fails without a fault:\n{output[-2000:]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="faults that have this in them")
    parser.add_argument("--list", action="store_true", help="what is known, without trying")
    arguments = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    store = OUT / "results.json"
    known: dict[str, dict[str, object]] = json.loads(store.read_text()) if store.exists() else {}
    chosen = [fault for fault in faults() if arguments.only in str(asdict(fault))]
    cpp = python = None
    passed = {str(entry["passes"]) for entry in known.values() if "passes" in entry}
    for fault in chosen:
        key = fault.key()
        if key in known or arguments.list:
            continue
        started = time.monotonic()
        try:
            text = fault.planted()
            tests: CppTests | PythonTests
            if fault.is_cpp:
                tests = cpp = cpp or CppTests()
            else:
                tests = python = python or PythonTests()
            base = hashlib.sha256(
                "\0".join([fault.test, *(path.read_text() for path in fault.test_files())]).encode()
            ).hexdigest()
            if base not in passed:
                without_fault(fault, tests)
                passed.add(base)
            survives = tests.test(fault, text)[0]
            outcome = "survived" if survives else "caught"
        except subprocess.TimeoutExpired:
            outcome, base = "caught", ""  # it goes on for ever
        except ValueError as error:
            print(f"cannot be tried: {error}", flush=True)
            continue
        if store.exists():  # another run, of other faults, may add to it
            known |= json.loads(store.read_text())
        known[key] = {"fault": fault.name, "outcome": outcome, "passes": base}
        store.write_text(json.dumps(known, indent=1))
        print(f"{outcome:9} {time.monotonic() - started:5.1f} s  {fault.name}", flush=True)
    outcomes = [known.get(fault.key(), {}).get("outcome") for fault in chosen]
    for fault, outcome in zip(chosen, outcomes, strict=True):
        if outcome != "caught":
            print(f"{outcome or 'not tried'}: {fault.name}\n  tested by {fault.test}")
    caught = outcomes.count("caught")
    print(f"{len(chosen)} faults, {caught} caught, {outcomes.count('survived')} survived")
    return 0 if caught == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
