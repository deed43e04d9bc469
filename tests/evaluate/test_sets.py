"""Which pictures a system is judged on, and what a set is known by."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.errors import InputError
from mattelier.evaluate.sets import read_set, read_trimap, read_truth


def test_only_the_test_split_of_a_training_folder_is_measured(pictures: Path) -> None:
    found = read_set(pictures)
    assert "test split" in found.kind
    assert [picture.name for picture in found.pictures] == ["disc_11", "disc_12", "disc_13"]
    assert found.for_systems("none") == found.pictures and found.for_systems("trimap") == ()


def test_systems_without_hints_do_the_evident_pictures(bench: Path) -> None:
    found = read_set(bench)
    assert found.kind == "benchmark, true alpha" and found.name == "bench"
    assert [picture.name for picture in found.for_systems("none")] == ["one", "two"]
    assert [picture.name for picture in found.for_systems("trimap")] == ["one", "two", "three"]
    assert found.for_systems("prompt") == ()
    assert [picture.name for picture in read_set(bench, limit=1).pictures] == ["one"]


def test_published_layouts_are_sets_too(bench: Path, tmp_path: Path) -> None:
    root = tmp_path / "AM-2k"
    for source, target in (("images", "original"), ("alpha", "mask"), ("trimap", "trimap")):
        shutil.copytree(bench / source, root / "validation" / target)
    found = read_set(root)
    assert found.kind == "AM-2k" and len(found.for_systems("trimap")) == len(found.for_systems("none")) == 3


def test_a_digest_is_of_the_content_not_the_place(bench: Path, tmp_path: Path) -> None:
    first = read_set(bench).sha256()
    shutil.copytree(bench, tmp_path / "copy")
    assert read_set(tmp_path / "copy").sha256() == first
    Image.fromarray(np.zeros((40, 48), np.uint8)).save(tmp_path / "copy" / "trimap" / "two.png")
    assert read_set(tmp_path / "copy").sha256() != first


def test_folders_without_a_set_are_sentences(tmp_path: Path, bench: Path) -> None:
    with pytest.raises(InputError, match="holds no set"):
        read_set(tmp_path)
    (bench / "manifest.csv").write_text("name\n")
    with pytest.raises(InputError, match="no picture to measure on"):
        read_set(bench)
    with pytest.raises(InputError, match="0 pictures were asked for"):
        read_set(bench, limit=0)


def test_every_grey_of_a_trimap_is_unknown(tmp_path: Path) -> None:
    Image.fromarray(np.uint8([[0, 1, 127, 128, 254, 255]])).save(tmp_path / "t.png")
    assert read_trimap(tmp_path / "t.png").tolist() == [[0, 128, 128, 128, 128, 255]]


def test_truth_has_a_region_only_where_something_is_unknown(bench: Path) -> None:
    (picture, other, _) = read_set(bench).pictures
    unknown = read_truth(picture).unknown
    assert unknown is not None and 0 < unknown.sum() < unknown.size
    assert other.trimap is not None
    Image.fromarray(np.full((40, 48), 255, np.uint8)).save(other.trimap)
    assert read_truth(other).unknown is None
    Image.fromarray(np.full((40, 47), 128, np.uint8)).save(other.trimap)
    with pytest.raises(InputError, match="expected one size"):
        read_truth(other)
