"""Runs ExecuTorch's MLX operator suite, as the wheel ships it, against our delegate.

The delegate is reached through the program op_test_runner that `make build` makes, or
through the one that VOXTRAL_TTS_OP_TEST_RUNNER names. Progress goes to stderr, the result to
stdout; its last line is 'N passed, N failed'. Exit status 1 when a case fails that
tests/mlx/expected_failures.txt does not list, or passes although listed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "mlx")]

import op_suite  # noqa: E402

RESULTS = ROOT / "build" / "mlx-op-suite"
LOWERING = ROOT / "export" / "mlx_lowering.py"
MAX_SMOKE_CASES = 80
BUNDLE_SIZE = 6
CASES_PER_PROCESS = 150  # torch keeps memory of every export
SMOKE_HEADER = f"""\
# Cases of ExecuTorch's MLX operator suite which together use every node type that its cases lower
# to, in at most {MAX_SMOKE_CASES} programs. A line has the cases of one program, joined with '+',
# and the node types that they are here for. Written by scripts/mlx_op_suite.py --update-smoke.
"""

_suite: dict[str, Any] = {}
_export_only = False


class Result(NamedTuple):
    name: str
    passed: bool
    seconds: float
    nodes: list[str]
    output: str  # the last lines, of a failure only


def main() -> int:
    options = _parse(sys.argv[1:])
    if options.update_smoke:
        return _update_smoke(options.jobs)
    expected = op_suite.read_list(op_suite.EXPECTED_FAILURES)
    names = _all_names()
    if options.selection == "smoke":
        names = list(op_suite.read_list(op_suite.SMOKE_CASES))
    if options.cases:
        unknown = sorted(set(options.cases) - set(names))
        if unknown:
            print(f"error: no such case: {', '.join(unknown)}", file=sys.stderr)
            return 2
        names = options.cases
    try:
        runner = op_suite.runner_path()
    except FileNotFoundError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    file = _results_file(runner)
    if options.fresh:
        file.unlink(missing_ok=True)
    results = _results(names, options.jobs, file)
    return _report(results, expected)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--all", action="store_true", help="every case")
    what.add_argument("--selection", choices=["smoke"], help="the cases of smoke_cases.txt")
    what.add_argument("--cases", nargs="+", metavar="NAME", help="these cases")
    what.add_argument(
        "--update-smoke", action="store_true", help="choose the smoke cases anew; needs no runner"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument(
        "--fresh", action="store_true", help="forget the results of an interrupted run"
    )
    return parser.parse_args(arguments)


def _all_names() -> list[str]:
    with _quiet():
        return sorted(op_suite.load_suite(Path("unused"), Path("unused")))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Drops what importing torch's packages writes to stderr, partly from C++."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _digest(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:12]


def _known_nodes() -> dict[str, Result]:
    """What any run with the present lowering found out about the cases' nodes."""
    files = RESULTS.glob(f"{_digest(LOWERING)}-*.jsonl")
    return {result.name: result for file in files for result in _read(file) if result.nodes}


def _results_file(runner: Path) -> Path:
    """Where results are kept, by all that they depend on in this project.

    Raises FileNotFoundError when the delegate is not in the runner's build folder.
    """
    delegates = sorted(runner.parent.rglob("libvoxtral_tts_mlx.*"))
    if not delegates:
        raise FileNotFoundError(f"no libvoxtral_tts_mlx below {runner.parent}: run 'make build'")
    harness = Path(op_suite.__file__)
    return RESULTS / f"{_digest(LOWERING)}-{_digest(runner, harness, *delegates)}.jsonl"


def _results(names: list[str], jobs: int, file: Path, *, export_only: bool = False) -> list[Result]:
    """The results of `names`, from `file` as far as it has them; new ones are appended to it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    known = {result.name: result for result in _read(file)}
    todo = [name for name in names if name not in known]
    if len(todo) < len(names):
        print(f"{len(names) - len(todo)} results from {file}", file=sys.stderr)
    start = time.monotonic()
    with file.open("a", encoding="utf-8") as stream:
        for done, result in enumerate(_run(todo, jobs, export_only=export_only), 1):
            known[result.name] = result
            stream.write(json.dumps(result) + "\n")
            stream.flush()
            minutes = (time.monotonic() - start) / 60
            verdict = "" if result.passed else "FAILED "
            print(
                f"{verdict}{result.name} ({result.seconds:.1f} s; {done} of {len(todo)}, "
                f"{minutes:.1f} min)",
                file=sys.stderr,
            )
    return [known[name] for name in names]


def _read(file: Path) -> Iterator[Result]:
    """The results in `file`; an interrupted run may have left half a line at its end."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for line in lines:
        try:
            yield Result(*json.loads(line))
        except (ValueError, TypeError):
            print(f"{file}: skipped a broken line", file=sys.stderr)


def _run(names: list[str], jobs: int, *, export_only: bool) -> Iterator[Result]:
    if not names:
        return
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="mlx-op-suite-") as work,
        context.Pool(jobs, _load, (work, export_only), CASES_PER_PROCESS) as pool,
    ):
        yield from pool.imap_unordered(_run_one, names)


def _load(work: str, export_only: bool) -> None:
    """In a worker process: imports the suite once."""
    global _suite, _export_only
    runner = Path("unused") if export_only else op_suite.runner_path()
    _export_only = export_only
    with _quiet():
        _suite = op_suite.load_suite(runner, Path(work))


def _run_one(name: str) -> Result:
    start = time.monotonic()
    outcome = op_suite.run_case(op_suite.find_case(_suite, name), export_only=_export_only)
    output = "" if outcome.passed else outcome.output[-4000:]
    seconds = round(time.monotonic() - start, 2)
    return Result(name, outcome.passed, seconds, list(outcome.nodes), output)


def _report(results: list[Result], expected: dict[str, str]) -> int:
    failed = [result for result in results if not result.passed]
    unexpected = [result for result in failed if result.name not in expected]
    surprises = [result for result in results if result.passed and result.name in expected]
    for result in unexpected:
        print(f"--- {result.name}\n{result.output.strip()}\n")
    for title, group in (
        ("failed as listed", [result for result in failed if result.name in expected]),
        ("FAILED, not listed", unexpected),
        ("PASSED, although listed", surprises),
    ):
        for result in group:
            print(f"{title:24} {result.name}  {expected.get(result.name, '')}".rstrip())
    nodes = {node for result in results if result.passed for node in result.nodes}
    print(f"{len(nodes)} node types in the cases that passed")
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if unexpected or surprises else 0


def _update_smoke(jobs: int) -> int:
    """Greedy: as long as a node type is missing, the case that adds most, then the fastest."""
    expected = op_suite.read_list(op_suite.EXPECTED_FAILURES)
    known = _known_nodes()
    names = [name for name in _all_names() if name not in expected]
    todo = [name for name in names if name not in known]
    file = RESULTS / f"{_digest(LOWERING)}-nodes.jsonl"
    known |= {result.name: result for result in _results(todo, jobs, file, export_only=True)}
    results = [known[name] for name in names]
    for result in results:
        if not result.nodes:
            print(f"not exported: {result.name}\n{result.output.strip()}", file=sys.stderr)
    missing = {node for result in results for node in result.nodes}
    chosen: dict[str, list[str]] = {}
    while missing:
        best = max(results, key=lambda r: (len(missing & set(r.nodes)), -r.seconds, r.name))
        chosen[best.name] = sorted(missing & set(best.nodes))
        missing -= set(best.nodes)
    programs = _bundled(chosen)
    if len(programs) > MAX_SMOKE_CASES:
        print(f"error: {len(programs)} programs, more than {MAX_SMOKE_CASES}", file=sys.stderr)
        return 1
    lines = [f"{name}  {' '.join(nodes)}\n" for name, nodes in sorted(programs.items())]
    op_suite.SMOKE_CASES.write_text(SMOKE_HEADER + "".join(lines), encoding="utf-8")
    types = {node for nodes in programs.values() for node in nodes}
    print(f"{len(chosen)} cases with {len(types)} node types in {len(programs)} programs")
    return 0


def _bundled(chosen: dict[str, list[str]]) -> dict[str, list[str]]:
    """Groups of those cases that can be one program, and the others by themselves."""
    from bundle import can_bundle

    suite = op_suite.load_suite(Path("unused"), Path("unused"))
    simple = sorted(name for name in chosen if can_bundle(suite[name]))
    programs = {name: nodes for name, nodes in chosen.items() if name not in simple}
    for i in range(0, len(simple), BUNDLE_SIZE):
        group = simple[i : i + BUNDLE_SIZE]
        programs["+".join(group)] = sorted(node for name in group for node in chosen[name])
    return programs


if __name__ == "__main__":
    sys.exit(main())
