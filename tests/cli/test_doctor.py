"""matte doctor: every engine and device with a reason, every weight file with its state."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Matte = Callable[..., Result]


def test_everything_is_looked_at(matte: Matte) -> None:
    shown = matte("doctor").stdout
    for word in ("mattelier ", "numpy ", "onnx on cpu: yes", "onnx on cuda: ", "torch on cuda: ", "HEIC: "):
        assert word in shown
    assert "modnet-bright.test@" in shown
    assert "as its card says" in shown


def test_what_is_not_there_has_its_reason(matte: Matte, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("mattelier.runtime.engine.find_spec", lambda name: None)
    monkeypatch.setattr("mattelier.cli.doctor.find_spec", lambda name: None)
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path))
    shown = matte("doctor").stdout
    assert "torch on cpu: no: torch and onnx not installed" in shown
    assert "HEIC: no: pi-heif not installed" in shown
    assert "bright.onnx is neither in the package nor in" in shown
