"""Loose photos: which files count, in what order, and what is said of the others."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.data.loose import find
from mattelier.errors import InputError


def photo(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.jpg", "a.PNG", "trip/day 1/c.webp", ".hidden/d.jpg", "run/validation.png", "notes/e.bmp"):
        photo(tmp_path / name)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    whole = (tmp_path / "b.jpg").read_bytes()
    (tmp_path / "cut short.jpg").write_bytes(whole[: len(whole) - 40])
    (tmp_path / "words.txt").write_text("not a photo")
    return tmp_path


def test_photos_are_found_in_sub_folders_and_broken_ones_named(folder: Path) -> None:
    photos = find(folder, leaving_out=folder / "run")
    assert photos.names == ("a.PNG", "b.jpg", "trip/day 1/c.webp")
    assert len(photos.skipped) == 2
    assert "broken.jpg" in photos.skipped[0] and "cut short.jpg" in photos.skipped[1]


def test_every_photo_comes_once_an_epoch_in_an_order_of_its_own(folder: Path) -> None:
    photos = find(folder, leaving_out=folder / "run")
    epochs = [[photos.of_step(3 * epoch + i, seed=1) for i in range(3)] for epoch in range(8)]
    assert all(sorted(epoch) == sorted(photos.some(9)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1
    assert photos.of_step(4, seed=1) == epochs[1][1]  # whatever was asked before
    assert photos.some(2) == (folder / "a.PNG", folder / "trip/day 1/c.webp")


def test_a_folder_without_photos_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no photo to adapt to, found none; expected files ending in \.jpeg, \.jpg"):
        find(tmp_path, leaving_out=tmp_path / "run")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"found 1 that do not open \(.*broken\.jpg"):
        find(tmp_path, leaving_out=tmp_path / "run")
    with pytest.raises(InputError, match="absent is not a folder; --photos takes"):
        find(tmp_path / "absent", leaving_out=tmp_path / "run")
