"""scripts/label_photos.py: what is labelled, what is left out, and a folder that training reads."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattelier.data.datasets import read_photos
from mattelier.image import Float


@pytest.fixture
def script(root: Path) -> dict[str, Any]:
    return runpy.run_path(str(root / "scripts" / "label_photos.py"))


def blobs(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A picture like no other of another seed."""
    cells = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    return Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC)


def half(photo: Image.Image) -> Float:
    """A teacher that takes the left half of everything."""
    alpha = np.zeros((photo.height, photo.width), np.float32)
    alpha[:, : photo.width // 2] = 1
    return alpha


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "found" / "shop"
    folder.mkdir(parents=True)
    blobs(1, (1200, 900)).save(folder / "a plant.jpg")
    blobs(2).save(folder / "vase.png")
    blobs(2, (640, 480)).save(folder / "vase larger.webp")
    blobs(3).save(folder / "tested.png")
    blobs(4, (100, 100)).save(folder / "small.png")
    blobs(5, (900, 300)).save(folder / "banner.png")
    cut = blobs(6).convert("RGBA")
    cut.putalpha(Image.new("L", cut.size, 120))
    cut.save(folder / "transparent.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    return tmp_path / "found"


def test_photos_that_may_be_trained_on_are_labelled_once(
    script: dict[str, Any], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    blobs(3).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tests / "mirrored.png")
    output = tmp_path / "data" / "photos"
    rows = script["label"](half, photos, output, "a shop", "unstated", script["looks_of"]([tests]))
    assert [row.name for row in rows] == ["shop_a_plant", "shop_vase_larger"]
    assert "broken.jpg does not open" in capsys.readouterr().err
    read = list(read_photos(tmp_path / "data", "train"))
    assert [(photo.name, photo.quality, photo.source) for photo in read] == [
        ("shop_a_plant", "good", "a shop"), ("shop_vase_larger", "good", "a shop")]  # fmt: skip
    with Image.open(read[0].image) as kept, Image.open(read[0].matte) as matte:
        assert kept.size == matte.size == (640, 480) and matte.getextrema() == (0, 255)
    script["write_sheets"](rows, output)
    with Image.open(output / "sheets" / "2.png") as sheet:
        assert sheet.getpixel((100, 60)) == (0, 200, 80)  # beside the subject


def test_a_stopped_run_goes_on_and_a_whole_one_is_left(
    script: dict[str, Any], photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def stops(photo: Image.Image) -> Float:
        asked.append(photo.size)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return half(photo)

    output = tmp_path / "photos"
    with pytest.raises(KeyboardInterrupt):
        script["label"](stops, photos, output, "a shop", "unstated", [])
    assert not (output / "manifest.csv").exists()
    rows = script["label"](stops, photos, output, "a shop", "unstated", [])
    assert len(rows) == 3 and len(asked) == 4  # two more; the first was not asked for again
    monkeypatch.setattr("sys.argv", ["label_photos.py", str(photos), "none.tgz", "-o", str(output), "--source", "x"])
    with pytest.raises(SystemExit, match="is labelled already"):
        script["main"]()


@pytest.mark.parametrize(
    ("alpha", "quality"),
    [
        (np.full((10, 10), 0.01), None),  # next to nothing
        (np.full((10, 10), 0.95), None),  # nearly everything
        (np.full((10, 10), 0.5), None),  # uncertain
        (np.r_[np.ones((4, 10)), np.full((1, 10), 0.5), np.zeros((5, 10))], "fair"),
        (np.r_[np.ones((5, 10)), np.zeros((5, 10))], "good"),
    ],
)
def test_answers_of_no_use_are_left_out(script: dict[str, Any], alpha: Float, quality: str | None) -> None:
    row = script["row_of"]("name", alpha, "a shop", "unstated")
    assert (row and row.quality) == quality


def test_what_is_kept_for_testing_must_open(script: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG no picture")
    with pytest.raises(SystemExit, match=r"broken\.png does not open, so nothing can be kept apart from it"):
        script["looks_of"]([tmp_path])
