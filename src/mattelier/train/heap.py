"""Memory that a training process keeps instead of giving it back after every layer.

glibc maps every large block afresh and unmaps it when it is freed, so each layer of each step starts on pages that the
kernel has to clear first. Measured on gfm-lite, 8 pictures a step on two cores: 1.07 s with, 0.94 s without at 256 px,
3.7 s and 2.1 s at 384 px.
"""

import ctypes
import sys

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # mallopt(3)
NEVER = 2**31 - 1
GROWTH_BYTES = 2**28


def keep_freed_memory() -> None:
    """Tell the C library to reuse what is freed; does nothing where that is not glibc."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, NEVER)
        mallopt(M_TOP_PAD, GROWTH_BYTES)
