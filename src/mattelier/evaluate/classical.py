"""The classical matters of the package pymatting, in process: closed form (Levin et al. 2008), KNN (Chen et al. 2013).

With pymatting's defaults; colours by its multi-level estimation, as its own `cutout` does. It comes with the extra
`dev`, is imported in the system's own process, and only when it is measured.
"""

from functools import partial
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np

from mattelier.errors import InputError, MissingExtra
from mattelier.evaluate.sets import read_trimap
from mattelier.evaluate.system import Request, Solution, Solve, System, measured
from mattelier.image import Array
from mattelier.image.colour import to_depth
from mattelier.image.io import decode

METHODS = {"cf": "estimate_alpha_cf", "knn": "estimate_alpha_knn"}


def classical(method: str) -> System:
    """pymatting:cf or pymatting:knn.  Raises InputError for another method, MissingExtra without pymatting."""
    if method not in METHODS:
        raise InputError(f"pymatting:{method} is not known; expected one of {', '.join(METHODS)}; see docs/evaluate.md")
    if find_spec("pymatting") is None:
        raise MissingExtra("pymatting is not installed; pymatting:cf and pymatting:knn need it: pip install pymatting")
    said = f"pymatting {version('pymatting')}"
    return System(f"pymatting:{method}", "", "trimap", "in process", partial(open_classical, method), said)


def open_classical(method: str) -> Solve:
    """The method as a solver; importing it takes seconds."""
    import pymatting

    estimate_alpha = getattr(pymatting, METHODS[method])

    def solve(request: Request) -> Solution:
        if request.trimap is None:
            raise InputError(f"{request.image} has no trimap; pymatting needs one; leave the picture out")
        image = np.divide(to_depth(decode(request.image).pixels, np.uint8), 255, dtype=np.float64)
        alpha = estimate_alpha(image, read_trimap(request.trimap) / 255)
        return Solution(np.asarray(np.clip(alpha, 0, 1), np.float32), partial(colours, image, alpha))

    return measured(solve)


def colours(image: Array, alpha: Array) -> Array:
    """(H, W, 3) uint8, by pymatting's multi-level estimation."""
    import pymatting

    return to_depth(np.asarray(pymatting.estimate_foreground_ml(image, alpha), np.float32), np.uint8)
