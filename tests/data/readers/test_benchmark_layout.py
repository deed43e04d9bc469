"""images/, alpha/, trimap/ and foreground/, with and without a manifest."""

from pathlib import Path

import pytest

from mattelier.data.readers import benchmark
from mattelier.data.readers.registry import recognise
from mattelier.errors import InputError


@pytest.fixture
def folder(plant, tmp_path: Path) -> Path:
    for name in ("images", "alpha"):
        plant(name, ["a.png", "b.png", "c.1.png"])
    plant("trimap", ["a.png"])
    plant("foreground", ["b.png"])
    return tmp_path


def test_without_a_manifest_every_picture_counts(folder: Path) -> None:
    a, b, c = benchmark.read(folder, "test")
    assert [example.name for example in (a, b, c)] == ["a", "b", "c.1"] and a.automatic
    assert a.trimap == folder / "trimap/a.png" and b.trimap is None
    assert b.foreground == folder / "foreground/b.png" and a.foreground is None
    reader = recognise(folder)
    assert reader is not None and reader.name == "benchmark"


def test_the_manifest_chooses_and_says_more(folder: Path) -> None:
    (folder / "manifest.csv").write_text(
        "name,category,auto,split\nc.1,toy,yes,test\na.png,glass,no,\nb,toy,yes,train\n"
    )
    first, second = benchmark.read(folder, "test")
    assert (first.name, first.category, first.automatic) == ("c.1", "toy", True)
    assert (second.name, second.category, second.automatic) == ("a", "glass", False)
    assert [example.name for example in benchmark.read(folder, "train")] == ["a", "b"]


def test_a_row_without_files_is_named(folder: Path) -> None:
    (folder / "manifest.csv").write_text("name\nabsent\n")
    with pytest.raises(InputError, match=r"absent\.png"):
        benchmark.read(folder, "test")
    (folder / "manifest.csv").write_text("file\na\n")
    with pytest.raises(InputError, match="expected one called name"):
        benchmark.read(folder, "test")


def test_a_folder_of_something_else_is_nothing(tmp_path: Path) -> None:
    assert recognise(tmp_path) is None
