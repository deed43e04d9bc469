"""numpy's BLAS gets one thread in commands that have no use for more; the user's own number stays."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

THREADS = "OPENBLAS_NUM_THREADS"


@pytest.fixture
def cut_with(matte: Any, photo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str | None]:
    """cut_with("4", "--engine", "onnx"): threads after a cut that began with this number."""

    def run(before: str | None, *options: str) -> str | None:
        monkeypatch.setenv(THREADS, before or "")
        if before is None:
            monkeypatch.delenv(THREADS)
        matte("cut", photo("a.png"), *options)
        return os.environ.get(THREADS)

    return run


def test_a_cut_keeps_blas_to_one_thread(cut_with: Callable[..., str | None]) -> None:
    assert cut_with(None) == "1"


def test_a_number_that_the_user_set_stays(cut_with: Callable[..., str | None]) -> None:
    assert cut_with("4") == "4"


def test_torch_keeps_its_threads(cut_with: Callable[..., str | None]) -> None:
    assert cut_with(None, "--engine", "torch") is None
