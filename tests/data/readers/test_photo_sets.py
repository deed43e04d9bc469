"""AM-2k, PM-10k, P3M-10k, AIM-500 and PPM-100: photographs with mattes."""

from pathlib import Path

import pytest

from mattelier.data.readers import aim500, am2k, p3m10k, ppm100
from mattelier.data.readers.registry import recognise
from mattelier.errors import InputError


@pytest.fixture
def animals(plant, tmp_path: Path) -> Path:
    for split, name in (("train", "m_1"), ("validation", "m_2")):
        plant(f"AM-2k/{split}/original", [f"{name}.jpg", f"{name}b.jpg"])
        plant(f"AM-2k/{split}/mask", [f"{name}.png", f"{name}b.png"])
    plant("AM-2k/validation/trimap", ["m_2.png", "m_2b.png"])
    return tmp_path / "AM-2k"


def test_am2k_has_trimaps_where_it_is_tested(animals: Path) -> None:
    first, second = am2k.read(animals, "test")
    assert (first.name, second.name) == ("m_2", "m_2b")
    assert first.image == animals / "validation/original/m_2.jpg"
    assert first.alpha == animals / "validation/mask/m_2.png"
    assert first.trimap == animals / "validation/trimap/m_2.png"
    trained = am2k.read(animals, "train")
    assert [example.name for example in trained] == ["m_1", "m_1b"] and trained[0].trimap is None
    reader = recognise(animals)
    assert reader is not None and reader.name == "AM-2k" and reader.read(animals, "test") == (first, second)


def test_pm10k_is_told_by_its_name(animals: Path) -> None:
    for name, expected in (("PM-10k", "PM-10k"), ("pm_10k", "PM-10k"), ("animals", "AM-2k")):
        animals = animals.rename(animals.parent / name)
        reader = recognise(animals)
        assert reader is not None and reader.name == expected and len(reader.read(animals, "test")) == 2


def test_p3m10k_keeps_its_two_halves_apart(plant, tmp_path: Path) -> None:
    plant("train/blurred_image", ["p_0.jpg"])
    plant("train/mask", ["p_0.png"])
    for half, images in (("P3M-500-P", "blurred_image"), ("P3M-500-NP", "original_image")):
        plant(f"validation/{half}/{images}", ["p_1.jpg"])
        plant(f"validation/{half}/mask", ["p_1.png"])
        plant(f"validation/{half}/trimap", ["p_1.png"])
    blurred, plain = p3m10k.read(tmp_path, "test")
    assert (blurred.name, plain.name) == ("P3M-500-P/p_1", "P3M-500-NP/p_1")
    assert (blurred.category, plain.category) == ("P3M-500-P", "P3M-500-NP")
    assert plain.image == tmp_path / "validation/P3M-500-NP/original_image/p_1.jpg"
    assert blurred.trimap == tmp_path / "validation/P3M-500-P/trimap/p_1.png"
    assert [example.name for example in p3m10k.read(tmp_path, "train")] == ["p_0"]
    reader = recognise(tmp_path)
    assert reader is not None and reader.name == "P3M-10k"


def test_aim500_and_ppm100_are_for_testing_only(plant, tmp_path: Path) -> None:
    plant("aim/original", ["o_1.jpg"])
    plant("aim/mask", ["o_1.png"])
    plant("aim/trimap", ["o_1.png"])
    plant("ppm/image", ["2.jpg", "1.jpg"])
    plant("ppm/matte", ["1.jpg", "2.jpg"])
    (natural,) = aim500.read(tmp_path / "aim", "test")
    assert natural.trimap == tmp_path / "aim/trimap/o_1.png" and natural.automatic
    portraits = ppm100.read(tmp_path / "ppm", "test")
    assert [(p.name, p.alpha.name, p.trimap) for p in portraits] == [("1", "1.jpg", None), ("2", "2.jpg", None)]
    assert [recognise(tmp_path / name).name for name in ("aim", "ppm")] == ["AIM-500", "PPM-100"]
    for reader, folder in ((aim500, "aim"), (ppm100, "ppm")):
        with pytest.raises(InputError, match="for testing only"):
            reader.read(tmp_path / folder, "train")


def test_what_is_missing_is_named(plant, tmp_path: Path, animals: Path) -> None:
    (animals / "validation/mask/m_2b.png").unlink()
    with pytest.raises(InputError, match=r"m_2b\.jpg has no partner .*mask; expected m_2b\.png"):
        am2k.read(animals, "test")
    with pytest.raises(InputError, match=r"P3M-500-P/mask was not found; .* unpack the archive whole"):
        p3m10k.read(tmp_path, "test")
    plant("two/image", ["1.jpg", "1.png"])
    plant("two/matte", ["1.jpg"])
    with pytest.raises(InputError, match=r"1\.jpg and 1\.png .* have one name"):
        ppm100.read(tmp_path / "two", "test")


def test_other_files_are_no_pictures(plant, tmp_path: Path) -> None:
    plant("image", ["1.jpg", ".2.jpg"])
    plant("matte", ["1.png"])
    (tmp_path / "image" / "Thumbs.db").write_bytes(b"")
    assert [example.name for example in ppm100.read(tmp_path, "test")] == ["1"]
