"""Systems that do as they are told; in a module of their own, for the child process imports it by name."""

import os
from functools import partial

import numpy as np

from mattelier.evaluate.system import Request, Solution, Solve, measured


def solver(megabytes: int, request: Request) -> Solution:
    """Grey, from a process that touches so much memory; the prompt may order a failure."""
    if request.prompt == "fail":
        raise ValueError("as ordered")
    if request.prompt == "die":
        os._exit(7)
    block = np.ones(megabytes << 20, np.uint8)
    size = (int(block[0]), 4)
    return Solution(np.full(size, 0.5, np.float32), lambda: np.zeros((*size, 3), np.uint8))


def open_it(megabytes: int) -> Solve:
    return measured(partial(solver, megabytes))


def broken() -> Solve:
    raise RuntimeError("the library is not there")
