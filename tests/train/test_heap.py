"""Freed memory stays with the process: a block of the same size costs no new pages."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource
import numpy as np
from mattelier.train.heap import keep_freed_memory

{call}
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(2**26, np.uint8)
before = faults()
for _ in range(4):
    np.ones(2**26, np.uint8)
print(faults() - before)
"""
PAGES = 2**26 // 4096


def faults(call: str) -> int:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(call=call)], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks glibc")
def test_blocks_are_reused() -> None:
    assert faults("keep_freed_memory()") < PAGES / 10


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks glibc")
def test_without_it_every_block_is_mapped_afresh() -> None:
    assert faults("") > 4 * PAGES / 600  # huge pages: one fault for 512 of them
