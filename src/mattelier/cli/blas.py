"""How many threads numpy's BLAS starts."""

import os


def alone() -> None:
    """Keep BLAS to one thread, unless the user's OPENBLAS_NUM_THREADS says otherwise; call before numpy is imported.

    Its threads spin while they wait, one a core, and the products here are too small to share: a cut of 0.25 MP costs
    1.5 CPU seconds without them and 1.8 with them, a small picture of the server 0.14 and 0.23.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
