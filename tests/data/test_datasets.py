"""Folders of training and benchmark pictures, read by split and quality."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.data.datasets import load_grey, load_rgb, load_rgba, read_folder
from mattelier.data.readers import benchmark
from mattelier.errors import InputError


def test_splits_never_share_a_photo(pictures: Path) -> None:
    names = {split: {p.name for p in read_folder(pictures, split).photos} for split in ("train", "val", "test")}
    assert [len(names[split]) for split in ("train", "val", "test")] == [8, 3, 3]
    assert not names["train"] & names["val"] and not names["train"] & names["test"]


def test_cut_outs_and_backgrounds_belong_to_training_only(pictures: Path) -> None:
    training, held_out = read_folder(pictures, "train"), read_folder(pictures, "val")
    assert len(training.foregrounds) == len(training.backgrounds) == 3
    assert held_out.foregrounds == held_out.backgrounds == ()


def test_worse_quality_can_be_left_out(pictures: Path) -> None:
    assert "disc_3" not in {p.name for p in read_folder(pictures, "train", "good").photos}
    assert "disc_3" in {p.name for p in read_folder(pictures, "train", "fair").photos}


def test_pictures_have_the_promised_shapes(pictures: Path) -> None:
    folder = read_folder(pictures, "train")
    photo = folder.photos[0]
    assert load_rgb(photo.image).shape == (96, 128, 3) and load_grey(photo.matte).shape == (96, 128)
    assert load_rgba(folder.foregrounds[0]).shape == (96, 128, 4)


def test_missing_matte_is_named(pictures: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(pictures, tmp_path / "data"))
    (root / "photos" / "disc_1.png").unlink()
    with pytest.raises(InputError, match=r"disc_1\.png is in the manifest and not in the folder"):
        read_folder(root, "train")


def test_no_manifest_and_an_empty_split_are_sentences(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"manifest\.csv was not found"):
        read_folder(tmp_path, "train")
    root = Path(shutil.copytree(pictures, tmp_path / "data"))
    manifest = root / "photos" / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",val,", ",train,"))
    with pytest.raises(InputError, match="no photo of split 'val'"):
        read_folder(root, "val")


def test_benchmark_layout(tmp_path: Path) -> None:
    for folder in ("images", "alpha", "trimap"):
        (tmp_path / folder).mkdir()
    for name in ("one", "two"):
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "images" / f"{name}.png")
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "alpha" / f"{name}.png")
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "trimap" / "one.png")
    (tmp_path / "manifest.csv").write_text("name,category,auto\none,toy,yes\ntwo,glass,no\n")
    one, two = benchmark.read(tmp_path, "test")
    assert one.automatic and not two.automatic
    assert one.trimap == tmp_path / "trimap" / "one.png" and two.trimap is None
