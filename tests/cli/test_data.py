"""matte data: sets from the command line."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import Result

from mattelier.errors import InputError
from mattelier.evaluate.sets import read_set

Matte = Callable[..., Result]


def folders(root: Path) -> None:
    """One cut-out and three backgrounds."""
    rng = np.random.default_rng(0)
    for name in ("fg", "bg"):
        (root / name).mkdir()
    rgba = rng.integers(0, 256, (20, 30, 4), dtype=np.uint8)
    rgba[..., 3] = np.pad(np.full((10, 20), 255, np.uint8), 5)
    Image.fromarray(rgba).save(root / "fg" / "thing.png")
    for i in range(3):
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(root / "bg" / f"b{i}.png")


def test_synth_twice(matte: Matte, tmp_path: Path) -> None:
    words = ("data", "synth", "--kinds", "rings,letters", "--count", 3, "--seed", 1, "--size", 64, "-o", "set")
    first = matte(*words)
    assert first.exit_code == 0 and first.stdout == "set\n" and "3 made" in first.stderr
    assert len(list(tmp_path.glob("set/images/*.png"))) == 3
    again = matte(*words)
    assert again.exit_code == 0 and "0 made, 3 there already" in again.stderr


def test_synth_keeps_the_test_kinds_from_training(matte: Matte) -> None:
    refused = matte("data", "synth", "--kinds", "feather", "-o", "set")
    assert refused.exit_code == 2 and "testing only" in " ".join(refused.stderr.replace("│", " ").split())
    allowed = matte("data", "synth", "--kinds", "feather", "--count", 1, "--size", 64, "--split", "test", "-o", "set")
    assert allowed.exit_code == 0, allowed.stderr


def test_synth_over_photographs(matte: Matte, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (90, 80), (10, 200, 30)).save(tmp_path / "photos" / "green.png")
    words = ("--kinds", "letters", "--textures", "photos", "--count", 1, "--size", 64)
    done = matte("data", "synth", *words, "-o", "set")
    assert done.exit_code == 0, done.stderr
    assert (np.asarray(Image.open(tmp_path / "set" / "bg" / "letters_00000.png")) == (10, 200, 30)).all()
    assert matte("data", "synth", *words[:2], "--textures", "nowhere", "-o", "other").exit_code == 2


def test_compose_as_published_and_by_chance(matte: Matte, tmp_path: Path) -> None:
    folders(tmp_path)
    published = matte("data", "compose", "fg", "bg", "-o", "set", "--per-foreground", 2)
    assert published.exit_code == 0, published.stderr
    assert sorted(path.name for path in tmp_path.glob("set/images/*")) == ["thing_0.png", "thing_1.png"]
    words = ("--per-foreground", 5, "--seed", 3, "--trimap", "fba", "--rssn", "sharpness,noise")
    drawn = matte("data", "compose", "fg", "bg", "-o", "drawn", *words)
    assert drawn.exit_code == 0, drawn.stderr
    assert len(list(tmp_path.glob("drawn/trimap/*.png"))) == 5


def test_a_composed_test_set_is_read_as_one(matte: Matte, tmp_path: Path) -> None:
    folders(tmp_path)
    words = ("--per-foreground", 2, "--split", "test")
    assert matte("data", "compose", "fg", "bg", "-o", "set", *words).exit_code == 0
    assert [picture.name for picture in read_set(tmp_path / "set").pictures] == ["thing_0", "thing_1"]
    assert matte("data", "compose", "fg", "bg", "-o", "other", "--per-foreground", 2).exit_code == 0
    with pytest.raises(InputError, match="has no picture to measure on"):
        read_set(tmp_path / "other")


def test_compose_says_what_is_missing(matte: Matte, tmp_path: Path) -> None:
    folders(tmp_path)
    assert matte("data", "compose", "fg", "bg", "-o", "set", "--per-foreground", 9).exit_code == 2
    assert matte("data", "compose", "fg", "nowhere", "-o", "set").exit_code == 2
    assert matte("data", "compose", "fg", "bg", "-o", "set", "--rssn", "blur", "--seed", 1).exit_code == 2
    assert not (tmp_path / "set").exists()


def test_trimaps_for_a_folder(matte: Matte, tmp_path: Path) -> None:
    (tmp_path / "alpha").mkdir()
    Image.fromarray(np.pad(np.full((40, 40), 255, np.uint8), 20)).save(tmp_path / "alpha" / "a.png")
    for way in ("dim", "scribbles", "box", "glance"):
        assert matte("data", "trimap", "alpha", "-o", way, "--paper", way).exit_code == 0
        assert set(np.unique(np.asarray(Image.open(tmp_path / way / "trimap" / "a.png")))) <= {0, 128, 255}
