"""Prints what makes a shell complete commands and flags.

bash: voxtral-tts completion bash > ~/.local/share/bash-completion/completions/voxtral-tts
zsh:  voxtral-tts completion zsh > a folder of $fpath, as _voxtral-tts
fish: voxtral-tts completion fish > ~/.config/fish/completions/voxtral-tts.fish
"""

from __future__ import annotations

import argparse
import importlib


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "voxtral-tts completion bash|zsh|fish"
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), metavar="SHELL")


def run(args: argparse.Namespace) -> int:
    # Imported here: the parser has every command's flags, this one's too.
    main = importlib.import_module("voxtral_tts.cli.main")
    shtab = importlib.import_module("shtab")
    print(shtab.complete(main.build_parser(), args.shell), end="")
    return 0
