"""matte models: cards in words, files compared with them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from mattelier.models.cards import Card

Matte = Callable[..., Result]


def test_list_is_one_line_a_card(matte: Matte, installed: Card) -> None:
    digest = installed.weights.sha256[:8]
    assert matte("models", "list").stdout == f"modnet-bright.test@{digest}  0.0 MB  Apache-2.0  installed\n"


def test_show_says_where_it_comes_from(matte: Matte, installed: Card) -> None:
    shown = matte("models", "show", "modnet").stdout
    assert installed.weights.sha256 in shown
    assert "no paper" in shown
    assert "teacher not stated" in " ".join(shown.split())
    assert matte("models", "show", "modent").exit_code == 2


def test_verify_compares_the_file_with_its_card(
    matte: Matte, installed: Card, bright: tuple[Card, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "as its card says" in matte("models", "verify").stdout
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path))
    missing = matte("models", "verify")
    assert (missing.exit_code, "not installed" in missing.stdout) == (0, True)
    (tmp_path / bright[1].name).write_bytes(bright[1].read_bytes()[:-1])
    damaged = matte("models", "verify")
    assert (damaged.exit_code, damaged.stdout) == (1, "")
    assert "damaged or of another version" in damaged.stderr
