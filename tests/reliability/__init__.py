"""Measures what docs/reliability.md promises. Run: python -m tests.reliability"""

import sys
from pathlib import Path

# What tests share are top-level modules, as for pytest.
sys.path.append(str(Path(__file__).parents[1]))
