"""matte evolve from the outside, with the cards that ship: what it writes, says, returns and refuses."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from mattelier.cli import app

Evolve = Callable[..., Result]


@pytest.fixture
def evolve(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Evolve:
    """evolve("cat.png", "-o", "x.png") in a folder with a sample, without weights of the user's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path / "none"))
    shutil.copy(root / "examples" / "chelsea.png", tmp_path / "cat.png")

    def run(*words: str) -> Result:
        result = CliRunner().invoke(app, ["evolve", *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def said(result: Result) -> str:
    return " ".join(result.stderr.replace("│", " ").split())


def test_a_png_sheet_of_a_sample(evolve: Evolve, tmp_path: Path) -> None:
    before = (tmp_path / "cat.png").read_bytes()
    result = evolve("cat.png", "-o", "deep/sheet.png")
    assert (result.exit_code, result.stdout) == (0, f"{Path('deep/sheet.png')}\n"), result.stderr
    with Image.open("deep/sheet.png") as sheet:
        assert sheet.format == "PNG" and sheet.width == 2400
    assert (tmp_path / "cat.png").read_bytes() == before
    assert files(tmp_path) == ["cat.png", "deep", "deep/sheet.png"]
    lines = result.stderr.splitlines()
    assert lines[0] == "trimap: making one from gfm-lite's glance"
    (gfm,) = (line for line in lines if line.startswith("GFM: ") and " s warm, " in line)
    assert float(gfm.split()[1]) > 0 and float(gfm.split()[4]) > 20  # seconds; MiB


def test_an_html_sheet_in_place_of_an_older_says_who_made_the_trimap_and_that_clipmat_needs_words(
    evolve: Evolve, tmp_path: Path
) -> None:
    (tmp_path / "sheet.html").write_text("older")
    result = evolve("cat.png", "-o", "sheet.html", "--overwrite")
    assert (result.exit_code, result.stdout) == (0, "sheet.html\n"), result.stderr
    text = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "Made from gfm-lite&#x27;s glance in " in text and "nobody painted it." in text
    assert "No words were given." in text and "://" not in text
    for name in ("DIM", "FBA", "GFM", "MODNet", "MatteFormer", "CLIPMat"):
        assert f"<h2>{name} <span>" in text


def test_a_trimap_of_the_users_is_named(evolve: Evolve, tmp_path: Path) -> None:
    hint = np.full((300, 451), 128, np.uint8)
    hint[:, :40], hint[100:200, 100:300] = 0, 255
    Image.fromarray(hint).save("painted.png")
    result = evolve("cat.png", "--trimap", "painted.png", "--prompt", "the cat", "-o", "sheet.html")
    assert result.exit_code == 0, result.stderr
    text = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert "Given: painted.png." in text and "nobody painted it" not in text and "Words: “the cat”." in text


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("cat.png",), 2, "Missing option '-o'"),
        (("-o", "x.png"), 2, "Missing argument"),
        (("cat.png", "-o", "x.jpg"), 2, "ends in '.jpg'; expected .png or .html"),
        (("cat.png", "-o", "x"), 2, "ends in 'nothing'; expected .png or .html"),
        (("cat.png", "-o", "cat.png", "--overwrite"), 2, "is one of the inputs"),
        (("cat.png", "-o", "second.png", "--overwrite"), 2, "is one of the inputs"),
        (("cat.png", "-o", "hint.png", "--trimap", "hint.png", "--overwrite"), 2, "is one of the inputs"),
        (("cat.png", "-o", "hint.png"), 1, "hint.png is there already"),
        (("nosuch.png", "-o", "x.png"), 1, "nosuch.png does not exist"),
        (("text.png", "-o", "x.png"), 1, "text.png"),
        (("cat.png", "-o", "x.png", "--trimap", "nosuch.png"), 1, "the trimap cannot be read"),
        (("cat.png", "-o", "x.png", "--trimap", "hint.png"), 1, "the trimap is 20 x 10 px and the photo 451 x 300"),
        (("cat.png", "-o", "x.png", "--colour", "red"), 2, "No such option"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_written(
    evolve: Evolve, tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    os.link("cat.png", "second.png")
    Image.fromarray(np.full((10, 20), 128, np.uint8)).save("hint.png")
    (tmp_path / "text.png").write_text("no picture")
    before = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}
    result = evolve(*words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert says in said(result)
    assert {name: (tmp_path / name).read_bytes() for name in files(tmp_path)} == before


def test_a_photo_on_which_no_system_works_writes_nothing(evolve: Evolve, tmp_path: Path) -> None:
    Image.fromarray(np.full((60, 60, 3), 90, np.uint8)).save("wall.png")
    result = evolve("wall.png", "-o", "x.png")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no system worked on wall.png" in said(result) and "GFM: No subject found" in said(result)
    assert not (tmp_path / "x.png").exists()
