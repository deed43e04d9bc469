"""RefMatte's published layout, by a synthetic twin of two pictures."""

import json
from pathlib import Path

import pytest
from PIL import Image

from mattelier.data.readers.refmatte import read, read_refmatte, read_rw100, read_scored
from mattelier.errors import InputError


@pytest.fixture
def refmatte(tmp_path: Path) -> Path:
    labels = {
        "img0_1": {"image_name": "img0", "expressions": ["the dog", "the dog on the left"]},
        "img0_2": {"image_name": "img0", "expressions": ["the cat", "the cat beside the dog"]},
        "img1_1": {"image_name": "img1.jpg", "expressions": ["the tree", "the green tree"]},
    }
    for folder in ("img", "mask"):
        (tmp_path / "train" / folder).mkdir(parents=True)
    for name in ("img0", "img1"):
        Image.new("RGB", (8, 6)).save(tmp_path / "train" / "img" / f"{name}.jpg")
    for name in labels:
        Image.new("L", (8, 6)).save(tmp_path / "train" / "mask" / f"{name}.png")
    (tmp_path / "refmatte_train_label.json").write_text(json.dumps(labels))
    return tmp_path


@pytest.fixture
def rw100(tmp_path: Path) -> Path:
    labels = {f"a_{k}": {"image_name": "a", "expressions": [f"{k} as text {t}" for t in range(4)]} for k in (1, 2)}
    for folder, suffix in (("image_all", ".jpg"), ("mask", ".png")):
        (tmp_path / folder).mkdir()
        for name in labels:
            Image.new("L", (8, 6)).save(tmp_path / folder / f"{name}{suffix}")
    (tmp_path / "refmatte_rw100_label.json").write_text(json.dumps(labels))
    (tmp_path / "eval_index_expression.json").write_text(json.dumps({"a": 2}))
    return tmp_path


def test_entities_with_their_image_mask_and_texts(refmatte: Path) -> None:
    references = read_refmatte(refmatte)
    assert [r.name for r in references] == ["img0_1", "img0_2", "img1_1"]
    assert [r.image.name for r in references] == ["img0.jpg", "img0.jpg", "img1.jpg"]
    assert references[1].alpha == refmatte / "train" / "mask" / "img0_2.png"
    assert references[1].texts == ("the cat", "the cat beside the dog") and references[1].kinds == ("expression",) * 2
    assert [e.prompt for e in read(refmatte, "train")][:2] == ["the dog", "the dog on the left"]


def test_the_label_file_may_lie_inside_its_split(refmatte: Path) -> None:
    (refmatte / "refmatte_train_label.json").rename(refmatte / "train" / "refmatte_train_label.json")
    assert len(read_refmatte(refmatte)) == 3


def test_rw100_is_scored_on_the_expression_its_index_names(rw100: Path) -> None:
    references = read_rw100(rw100)
    assert [r.texts for r in references] == [("1 as text 2",), ("2 as text 2",)]
    assert references[0].image == rw100 / "image_all" / "a_1.jpg"
    examples = read_scored(rw100, "test")
    assert [e.prompt for e in examples] == ["1 as text 2", "2 as text 2"] and not examples[0].automatic


def test_incomplete_copies_are_named(refmatte: Path, rw100: Path) -> None:
    with pytest.raises(InputError, match=r"refmatte_test_label\.json was not found"):
        read_refmatte(refmatte, "test")
    (refmatte / "train" / "mask" / "img0_2.png").unlink()
    with pytest.raises(InputError, match=r"no mask/img0_2\.png"):
        read_refmatte(refmatte)
    (rw100 / "eval_index_expression.json").write_text("{}")
    with pytest.raises(InputError, match="gives None for a; expected one of the 4 expressions"):
        read_rw100(rw100)
    with pytest.raises(InputError, match="testing only"):
        read_scored(rw100, "train")
