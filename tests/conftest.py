"""What every test stands on: no network, and the same for the processes that a test starts."""

import os
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OFFLINE = ROOT / "tests" / "offline"

runpy.run_path(str(OFFLINE / "sitecustomize.py"))


@pytest.fixture
def root() -> Path:
    """The repository's own folder."""
    return ROOT


@pytest.fixture
def offline() -> dict[str, str]:
    """Environment for a child process: as here, with the network refused."""
    return {**os.environ, "PYTHONPATH": str(OFFLINE)}
