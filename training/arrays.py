"""Names of the array types used throughout."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Complexes = NDArray[np.complexfloating[Any, Any]]
Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]
