"""Composition-1k and Distinctions-646: foregrounds, and composites that carry their name and a number."""

from pathlib import Path

import pytest

from mattelier.data.readers import composition1k, distinctions646
from mattelier.data.readers.composites import subject_of
from mattelier.data.readers.registry import recognise
from mattelier.errors import InputError

LICENSED = "Test_set/Adobe-licensed images"


@pytest.fixture
def adobe(plant, tmp_path: Path) -> Path:
    for folder in (LICENSED, "Training_set/Adobe-licensed images", "Training_set/Other"):
        name = folder.split("/")[0].lower() + ("2" if "Other" in folder else "")
        plant(f"{folder}/fg", [f"{name}_a.jpg"])
        plant(f"{folder}/alpha", [f"{name}_a.png"])
    return tmp_path


def test_composition1k_in_the_archive(plant, adobe: Path) -> None:
    with pytest.raises(InputError, match="make them with matte data compose"):
        composition1k.read(adobe, "test")
    names = [f"test_set_a_{i}.png" for i in range(3)]
    plant("Test_set/merged", names)
    plant(f"{LICENSED}/trimaps", names)
    reader = recognise(adobe)
    assert reader is not None and reader.name == "Composition-1k"
    found = reader.read(adobe, "test")
    assert [example.name for example in found] == ["test_set_a_0", "test_set_a_1", "test_set_a_2"]
    assert found[2].trimap == adobe / LICENSED / "trimaps/test_set_a_2.png"
    assert {example.alpha for example in found} == {adobe / LICENSED / "alpha/test_set_a.png"}
    assert {example.foreground for example in found} == {adobe / LICENSED / "fg/test_set_a.jpg"}
    assert not any(example.automatic for example in found)


def test_subjects_of_both_training_folders(adobe: Path) -> None:
    names = [subject.name for subject in composition1k.subjects(adobe, "train")]
    assert names == ["training_set_a", "training_set2_a"]
    (subject,) = composition1k.subjects(adobe, "test")
    assert (subject.colours.name, subject.alpha.name) == ("test_set_a.jpg", "test_set_a.png")
    with pytest.raises(InputError, match="only foregrounds"):
        composition1k.read(adobe, "train")


def test_composition1k_flat(plant, tmp_path: Path) -> None:
    for folder in ("merged", "alpha_copy", "trimaps"):
        plant(folder, ["boy_0.png", "boy_1.png"])
    reader = recognise(tmp_path)
    assert reader is not None and reader.name == "Composition-1k"
    first, second = reader.read(tmp_path, "test")
    assert first.alpha == tmp_path / "alpha_copy/boy_0.png" and second.trimap == tmp_path / "trimaps/boy_1.png"
    assert first.foreground is None
    (tmp_path / "trimaps/boy_1.png").unlink()
    with pytest.raises(InputError, match=r"boy_1\.png has no partner in .*trimaps"):
        reader.read(tmp_path, "test")


def test_distinctions646(plant, tmp_path: Path) -> None:
    for split in ("Train", "Test"):
        plant(f"{split}/FG", [f"{split.lower()}.jpg"])
        plant(f"{split}/GT", [f"{split.lower()}.png"])
    reader = recognise(tmp_path)
    assert reader is not None and reader.name == "Distinctions-646"
    assert [subject.name for subject in distinctions646.subjects(tmp_path, "train")] == ["train"]
    with pytest.raises(InputError, match="matte data compose"):
        reader.read(tmp_path, "test")
    plant("Test/merged", ["test_0.png"])
    (example,) = reader.read(tmp_path, "test")
    assert example.alpha == tmp_path / "Test/GT/test.png" and example.trimap is None
    assert example.foreground == tmp_path / "Test/FG/test.jpg"


def test_a_composite_is_named_after_its_subject() -> None:
    assert subject_of("horse-473093_1280_7") == "horse-473093_1280"
    for name in ("horse", "horse_b", "_3"):
        with pytest.raises(InputError, match="has no number"):
            subject_of(name)
