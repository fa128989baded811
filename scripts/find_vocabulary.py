"""Prints the path of the text vocabulary that the mistral-common package ships.

The package is not imported: it is installed without what it depends on.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

FILE = "data/tekken_240911.json"


def main() -> int:
    spec = find_spec("mistral_common")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (file := Path(folder) / FILE).exists():
            print(file)
            return 0
    print(f"error: no mistral_common package with {FILE}: run 'make setup'", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
