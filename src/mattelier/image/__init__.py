"""Picture arithmetic: pure functions on numpy arrays; imports only errors."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Float = NDArray[np.float32]
