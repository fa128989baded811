"""Mutated params.json files for the exporter, with the flags and the output of libFuzzer.

Oracle: export.config promises a VoxtralConfig or CheckpointError, whatever the file holds.

    params_json.py [-runs=N] [-max_total_time=S] [-seed=N] [-artifact_prefix=P] [FILE...]

With files it runs those alone. Exit status 77 as libFuzzer's after a finding.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import resource
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from export.config import CheckpointError, VoxtralConfig
from export.synthetic import params

FINDING = 77
TIMEOUT_S = 5
ODD_VALUES = (
    *(b"null", b"true", b"false", b"0", b"1", b"-1", b"2147483647", b"2147483648", b"-0.0"),
    *(
        b"1" + b"0" * 400,
        b"9" * 5000,
        b"0.5",
        b"1e308",
        b"1e999",
        b"NaN",
        b"Infinity",
        b"[]",
        b"{}",
    ),
    *(b'""', b'"0"', b'"1,2"', b'"1,,2"', b'"-1"', '"٣"'.encode(), '"²"'.encode(), b'"\\ud800"'),
    *(b'"' + b"9" * 5000 + b'"', b'"1' + b",1" * 500 + b'"', b'{"dim":1}', b"[1]", b"[" * 1500),
)
ODD_BYTES = (b"{", b"}", b"[", b'"', b",", b":", b"\\u", b"\xff", b"\0", b"1e999", b"9" * 30)
TOKEN = re.compile(rb'"[^"]*"|[-+.\w]+|[{}\[\],:]')


BASE = json.dumps(params("tiny")).encode()
TOKENS = TOKEN.findall(BASE)
VALUES = [i + 1 for i, token in enumerate(TOKENS) if token == b":"]


def mutate_tokens(rng: random.Random) -> bytes:
    """Replaces or removes values, exchanges keys; other tokens less often."""
    tokens = TOKENS.copy()
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at, kind = rng.choice(VALUES), rng.randrange(8)
        if kind == 0:
            tokens[at - 2 : at + 2] = [b""] * 4  # the key, the value and the comma
        elif kind == 1:
            tokens[at - 2] = tokens[rng.choice(VALUES) - 2]
        elif kind == 2:
            tokens[at] = tokens[rng.choice(VALUES)]
        elif kind == 3:
            tokens[rng.randrange(len(tokens))] = rng.choice(tokens)
        else:
            tokens[at] = rng.choice(ODD_VALUES)
            if kind == 7:
                # The rest goes, and what is open is closed.
                open_objects = tokens[:at].count(b"{") - tokens[:at].count(b"}")
                tokens[at + 1 :] = [b"}" * open_objects] + [b""] * (len(tokens) - at - 2)
    return b"".join(tokens)


def mutate_bytes(rng: random.Random) -> bytes:
    """Overwrites, inserts, removes or cuts off bytes."""
    data = bytearray(BASE)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            data[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 1:
            data[at:at] = rng.choice(ODD_BYTES)
        elif kind == 2:
            del data[at : at + rng.randrange(1, 40)]
        elif kind == 3:
            begin = rng.randrange(len(data) + 1)
            data[at:at] = data[begin : begin + rng.randrange(60)]
        else:
            del data[at:]
    return bytes(data)


def problem(file: Path, content: bytes) -> str | None:
    """What is wrong with how the reader takes this content."""
    file.write_bytes(content)
    started = time.monotonic()
    try:
        VoxtralConfig.from_file(file)
    except CheckpointError:
        pass
    except BaseException:
        return traceback.format_exc()
    seconds = time.monotonic() - started
    return f"took {seconds:.1f} s" if seconds > TIMEOUT_S else None


def report(problem_text: str, content: bytes, prefix: str) -> None:
    name = f"{prefix}crash-{hashlib.sha1(content).hexdigest()}"
    Path(name).write_bytes(content)
    print(problem_text, f"Test unit written to {name}", sep="\n", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(prefix_chars="-", allow_abbrev=False)
    parser.add_argument("-runs", type=int, default=sys.maxsize)
    parser.add_argument("-max_total_time", type=float, default=float("inf"))
    parser.add_argument("-seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("-artifact_prefix", default="./")
    parser.add_argument("paths", nargs="*", type=Path)
    options, _ = parser.parse_known_args()
    files = [path for path in options.paths if path.is_file()]
    rng = random.Random(options.seed)
    print(f"INFO: Seed: {options.seed}")
    mutators = (mutate_tokens, mutate_bytes)
    inputs = found = 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "params.json"
        limit = len(files) or options.runs
        while inputs < limit and not found:
            if not files and time.monotonic() - started > options.max_total_time:
                break
            content = files[inputs].read_bytes() if files else rng.choice(mutators)(rng)
            inputs += 1
            if text := problem(file, content):
                found = 1
                report(text, content, options.artifact_prefix)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"stat::number_of_executed_units: {inputs}", file=sys.stderr)
    print(f"stat::peak_rss_mb: {kilobytes // 1024}", file=sys.stderr)
    return FINDING if found else 0


if __name__ == "__main__":
    sys.exit(main())
