"""Scripts and the Makefile use nothing that a Mac lacks: bash 3.2, make 3.81, BSD's tools.

Each construct stands beside a line that has it, so that the patterns are seen to find something.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHELL = [*sorted((ROOT / "scripts").glob("*.sh")), ROOT / ".ci/run", ROOT / "Makefile"]
# A script with this in its head needs no tools of BSD, but bash 3.2 all the same.
LINUX_ONLY = "Linux only."

BASH_4 = {
    r"\b(mapfile|readarray|coproc)\b": "mapfile -t lines",
    r"\b(declare|local|typeset) -[a-zA-Z]*[Anglu]": "declare -A ages",
    r"\$\{\w+(\[[@*]\])?(,,?|\^\^?)": "echo ${name,,}",
    r"\$\{\w+(\[[@*]\])?@[QEPAakKuUL]\}": "echo ${name@Q}",
    r"\$\{\w+\[-": "echo ${list[-1]}",
    r"\$\{\w+:[^}:]*: *-": "echo ${name:0:-1}",
    r"\[\[? -v ": "[[ -v name ]]",
    r"(?<!\|)\|&": "make |& tee log",
    r"&>>": "make &>> log",
    r";;?&": "  a) echo a ;;&",
    r"\bwait -n\b": "wait -n",
    r"\{\w+\}[<>]": "exec {fd}> log",
    r"\bshopt -s [a-z ]*(globstar|lastpipe|inherit_errexit)": "shopt -s globstar",
    r"%\([^)]*\)T": "printf '%(%F)T' -1",
    r"\{0\d+\.\.\d+\}": "echo {01..10}",
    r"\$\{?(BASHPID|EPOCHSECONDS|EPOCHREALTIME|SRANDOM)\b": "echo $EPOCHSECONDS",
    r"\bread -[a-zA-Z]*[Ni]\b": "read -N 1 key",
}
MAKE_4 = {
    r"^\.(ONESHELL|RECIPEPREFIX|EXTRA_PREREQS|NOTINTERMEDIATE|WAIT)\b": ".ONESHELL:",
    r"^\w+ *!=": "NAME != uname",
    r"^\w+ *:::?=": "NAME ::= a",
    r"\$\((file|guile|let|intcmp) ": "$(file > a,text)",
    r"&:": "a.h a.c &: a.y",
    r"^(undefine|private|load) ": "undefine NAME",
}
_WITHOUT_LONG_OPTIONS = "cp|mv|rm|ln|ls|mkdir|mktemp|sort|head|tail|cut|du|touch|tr|wc|chmod|sed"
GNU = {
    r"\bsed (-[a-zA-Z]+ )*-[a-zA-Z]*i(?! ''| \"\")(?!\.)": "sed -i s/a/b/ file",
    r"\bsed (-[a-zA-Z]+ )*-[a-zA-Z]*r\b": "sed -r 's/(a)/b/' file",
    r"\bsed [^|]*\\[+?|]": r"sed 's/a\+/b/' file",
    r"\breadlink (-[a-z]+ )*-[a-z]*[fem]": "readlink -f file",
    r"(^|[\s;|&(])(realpath|timeout|nproc|tac|sha\d+sum|md5sum|setsid|numfmt|ionice)\s": "nproc ",
    r"\bgrep (-[a-zA-Z]+ )*-[a-zA-Z]*P": "grep -oP 'a' file",
    r"\bdate (-u )?(-d|--)": "date -d yesterday",
    r"\bdate [^|]*%N": "date +%s%N",
    r"\bstat (-[a-zA-Z]+ )*(-c|--)": "stat -c %s file",
    r"\bxargs (-\S+ )*(-r|-d|-a|--)": "xargs -r rm",
    r"\bhead -n? ?-": "head -n -1 file",
    r"\bfind [^|]*-(printf|regextype|executable)\b": "find . -printf '%f'",
    r"\bfind +-": "find -name '*.h'",
    r"\bln (-[a-z]+ )*-[a-z]*r": "ln -sr a b",
    r"\binstall (-[a-z]+ )*-[a-zA-Z]*D": "install -D a b/a",
    r"\bbase64 (-d )?-w": "base64 -w 0 file",
    r"\bdu (-[a-z]+ )*-[a-z]*b": "du -sb folder",
    rf"\b({_WITHOUT_LONG_OPTIONS})( [^|;&]*)? --[a-z]": "cp --reflink=auto a b",
}


def lines_of(text: str) -> list[str]:
    """Without comments."""
    return [re.sub(r"(^|\s)#.*", "", line) for line in text.splitlines()]


def found(patterns: dict[str, str], text: str) -> list[str]:
    return [line for line in lines_of(text) for pattern in patterns if re.search(pattern, line)]


@pytest.mark.parametrize(("pattern", "line"), [*(BASH_4 | MAKE_4 | GNU).items()])
def test_each_construct_would_be_noticed(pattern: str, line: str) -> None:
    assert found({pattern: line}, line) == [line]


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_a_mac_can_run_it(path: Path) -> None:
    text = path.read_text()
    patterns = BASH_4 | (MAKE_4 if path.name == "Makefile" else {})
    if LINUX_ONLY not in text[:1000]:
        patterns |= GNU
    assert found(patterns, text) == []
