"""Figures to rows, rows to Markdown and JSON: medians and ranges over fresh processes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .artefacts import GIVEN, Figures
from .roofline import fraction
from .speech import near
from .split import ALLOWED_DIFFERENCE, CHUNK_SIZES, GROWTH_FRAMES, PART_METHODS

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


class Row(NamedTuple):
    label: str
    unit: str
    values: list[float]  # one per fresh process
    remark: str = ""

    def markdown(self) -> str:
        if not self.values:
            return f"| {self.label} | {self.remark} | |"
        whole = all(float(value).is_integer() for value in self.values)
        digits = 0 if whole else 3 if abs(statistics.median(self.values)) < 1 else 2
        median, low, high = (
            f"{value:,.{digits}f}"
            for value in (statistics.median(self.values), min(self.values), max(self.values))
        )
        unit = f" {self.unit}" if self.unit else ""
        remark = f" ({self.remark})" if self.remark else ""
        return f"| {self.label} | {median}{unit}{remark} | {low} - {high} |"

    def as_dict(self) -> Figures:
        figures: Figures = {"unit": self.unit, "remark": self.remark}
        if self.values:
            figures |= {
                "median": statistics.median(self.values),
                "range": [min(self.values), max(self.values)],
            }
        return figures


def percentile(values: list[float], percent: float) -> float:
    """By nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def frame_ms(run: Figures) -> float:
    """Median step plus the codec's share: what a frame in the steady state takes."""
    speech = run["speech"]["speech"]
    step = statistics.median(speech["step_ms"]) if speech["step_ms"] else speech["prefill_ms"]
    return float(step + speech["codec_ms_per_frame"])


def split_of(run: Figures) -> dict[str, float]:
    """Median milliseconds of the fused step and of its parts; `rest` is what no part explains."""
    medians = {name: statistics.median(times) for name, times in run["parts"].items()}
    if len(medians) > 1:
        total = sum(medians[name] for name in PART_METHODS)
        medians |= {"sum": total, "rest": medians["step"] - total}
    return medians


def rows(figures: Figures) -> list[Row]:
    """One backend's figures."""
    runs: list[Figures] = figures["runs"]
    speeches = [run["speech"] for run in runs]
    return [
        *_memory_rows(runs, speeches),
        *_first_sound_rows(runs, speeches),
        *_speech_rows(speeches),
        *_split_rows(runs),
        *_growth_rows(runs),
        *_codec_rows(runs),
        *_roofline_rows(figures, runs),
        *_count_rows(figures, speeches),
        *_long_rows(figures.get("long")),
    ]


def _memory_rows(runs: list[Figures], speeches: list[Figures]) -> Iterable[Row]:
    cold = "" if all(run["cache_dropped"] for run in runs) else "page cache not dropped here"
    yield Row("load, cold", "ms", [run["load"]["load_ms"] for run in runs], cold)
    yield Row("load, warm", "ms", [speech["load_ms"] for speech in speeches])
    names = {"anon_mb": "resident, own", "file_mb": "resident, files", "peak_mb": "resident, peak"}
    for name, label in names.items():
        if name in speeches[0]["resident"]:
            yield Row(label, "MB", [speech["resident"][name] for speech in speeches])


def _first_sound_rows(runs: list[Figures], speeches: list[Figures]) -> Iterable[Row]:
    utterances = {
        "cold voice": [speech["cold_voice"] for speech in speeches],
        "same voice again": [speech["same_voice"] for speech in speeches],
        "voice from disk": [run["again"] for run in runs if "again" in run],
    }
    for label, spoken in utterances.items():
        if not spoken:  # without a cache of voices there is none on disk
            continue
        rows, kept = spoken[0]["prompt_rows"], spoken[0]["prefix_rows"]
        remark = f"{rows} rows" + (f", {kept} from {spoken[0]['prefix_source']}" if kept else "")
        yield Row(f"TTFA, {label}", "ms", [one["ttfa_ms"] for one in spoken], remark)
        yield Row(f"prefill, {label}", "ms", [one["prefill_ms"] for one in spoken])
        rates = [one["prefill_rows_per_s"] for one in spoken]
        yield Row(f"prefill rate, {label}", "rows/s", rates)


def _speech_rows(speeches: list[Figures]) -> Iterable[Row]:
    def values(name: str) -> list[float]:
        return [speech["speech"][name] for speech in speeches]

    first = speeches[0]
    steps: list[list[float]] = [speech["speech"]["step_ms"] for speech in speeches]
    if all(steps):
        yield Row("step, p50", "ms", [percentile(times, 50) for times in steps])
        yield Row("step, p95", "ms", [percentile(times, 95) for times in steps])
        yield Row("step, mean", "ms", [statistics.mean(times) for times in steps])
    yield Row("codec per frame", "ms", values("codec_ms_per_frame"))
    yield Row("rtf", "", values("rtf"), f"{first['speech']['frames']} frames")
    yield Row("generation_rtf", "", values("generation_rtf"))
    yield Row("underruns", "", values("underruns"))
    yield Row("silence in playback", "ms", values("gap_ms"))
    yield Row("pre-buffer without gaps", "ms", values("prebuffer_ms"))


def _split_rows(runs: list[Figures]) -> Iterable[Row]:
    splits = [split_of(run) for run in runs]
    yield Row("split: fused step", "ms", [split["step"] for split in splits])
    if "sum" not in splits[0]:
        yield Row("split: parts", "", [], "no bench.pte: export with --export-target bench")
        return
    for name in (*PART_METHODS, "sum", "rest"):
        yield Row(f"split: {name}", "ms", [split[name] for split in splits])
    differences = [split["sum"] / split["step"] - 1 for split in splits]
    beyond = abs(statistics.median(differences)) > ALLOWED_DIFFERENCE
    remark = f"BEYOND {ALLOWED_DIFFERENCE:.0%}" if beyond else ""
    yield Row("split: sum against step", "%", [100 * value for value in differences], remark)


def _growth_rows(runs: list[Figures]) -> Iterable[Row]:
    measured = [run["growth"] for run in runs if run["growth"]]
    if not measured:
        return
    for index, frame in enumerate(GROWTH_FRAMES):
        medians = [statistics.median(times[index]) for times in measured]
        yield Row(f"step at frame {frame}, in turn", "ms", medians)
    ratios = [
        statistics.median(late / early for early, late in zip(*times, strict=True))
        for times in measured
    ]
    yield Row("growth of a step, median of the turns", "times", ratios)


def _codec_rows(runs: list[Figures]) -> Iterable[Row]:
    for size in map(str, CHUNK_SIZES):
        medians = [statistics.median(run["codec"][size]) for run in runs]
        yield Row(f"codec, chunks of {size}, per frame", "ms", medians)


def _roofline_rows(figures: Figures, runs: list[Figures]) -> Iterable[Row]:
    rates = [run["speech"]["bandwidth"]["best_gb_s"] for run in runs]
    yield Row("read bandwidth", "GB/s", rates)
    needed = figures.get("frame_bytes")
    if needed is None:
        yield Row("bytes per frame", "", [], "the backend does not tell")
        return
    for name in ("weights", "kv_cache", "codec", "total"):
        yield Row(f"bytes per frame: {name}", "MB", [needed[name] / 1e6])
    fractions = [
        100 * fraction(needed["total"], rate, frame_ms(run))
        for run, rate in zip(runs, rates, strict=True)
    ]
    yield Row("fraction of the roofline, codec included", "%", fractions)


def _count_rows(figures: Figures, speeches: list[Figures]) -> Iterable[Row]:
    ratios = []
    for speech in speeches:
        short, long = speech["same_voice"], speech["speech"]
        if long["frames"] > short["frames"]:
            more = long["step_executes"] - short["step_executes"]
            ratios.append(more / (long["frames"] - short["frames"]))
    yield Row("executes of step per frame", "", ratios)
    decoded = [
        speech["speech"]["decoded_frames"] / speech["speech"]["frames"] for speech in speeches
    ]
    yield Row("frames decoded per frame emitted", "", decoded)
    counted = figures.get("allocations")
    if counted is None:
        yield Row("allocations per frame", "", [], "not counted: --allocations")
    else:
        yield Row("allocations per frame, ours", "", counted["ours"])
        yield Row("allocations per frame, the runtime's", "", counted["runtime"])


def _long_rows(long: Figures | None) -> Iterable[Row]:
    for name, spoken in (long or {}).items():
        cut = f"cut to {spoken['frames']} frames" if spoken["cut"] else ""
        for place, label in (("anon_mb", "own"), ("file_mb", "files")):
            if place in spoken["resident"]:
                yield Row(
                    f"after {name}: resident, {label}", "MB", [spoken["resident"][place]], cut
                )
        yield Row(f"{name}: rtf", "", [spoken["rtf"]], cut)
    if long:
        steps = max((spoken["step_ms"] for spoken in long.values()), key=len)
        for frame in (50, 1500):
            around = near(steps, frame)
            if around:
                yield Row(f"step near frame {frame}, mean", "ms", [statistics.mean(around)])
                yield Row(f"step near frame {frame}, p50", "ms", [percentile(around, 50)])


def operator_table(operators: list[Figures]) -> str:
    lines = ["| per frame | kind | calls | ms |", "|---|---|---|---|"]
    lines += [
        f"| {o['operator']} | {o['kind']} | {o['calls']:g} | {o['ms']:.3f} |" for o in operators
    ]
    return "\n".join(lines)


def table(report: Figures, backend: str) -> str:
    """A backend's figures as Markdown."""
    figures = report["backends"][backend]
    lines = [f"| {backend} | median | range |", "|---|---|---|"]
    for name, made in (("checkpoint", report["checkpoint"]), ("export", figures["export"])):
        cost = made if made == GIVEN else f"{made['seconds']} s, {made['peak_mb']} MB"
        lines.append(f"| {name}: time, peak memory | {cost} | |")
    for name, size in figures["file_mb"].items():
        lines.append(f"| {name} | {size} MB | |")
    lines += [row.markdown() for row in rows(figures)]
    if figures.get("operators"):
        lines += ["", operator_table(figures["operators"])]
    return "\n".join(lines)


def text(report: Figures) -> str:
    """The whole report as Markdown."""
    machine = report["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    head = (
        f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['memory_gb']} GB, "
        f"{machine['system']}; {versions}; {report['runs']} fresh processes; load average "
        f"{machine['load_average']} before."
    )
    tables = [
        f"`{figures['options']}`\n\n{table(report, backend)}"
        for backend, figures in report["backends"].items()
    ]
    return "\n\n".join([head, *tables, *report.get("peers", {}).values()])


def write_docs(page: Path, markdown: str, begin: str = BEGIN, end: str = END) -> None:
    """Puts the report between the page's markers. Exits when there are none."""
    content = page.read_text()
    before, found_begin, rest = content.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise SystemExit(f"{page}: has no block between {begin} and {end}")
    page.write_text(f"{before}{begin}\n\n{markdown}\n\n{end}{after}")
