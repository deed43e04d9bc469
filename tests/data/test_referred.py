"""Samples with words: a mirrored picture comes with mirrored words."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mattelier.data import absent
from mattelier.data.nouns import names_of
from mattelier.data.references import Reference
from mattelier.data.referred import Referred, worded_photos
from mattelier.errors import InputError


@pytest.fixture
def reference(tmp_path: Path) -> Reference:
    rgb, alpha = np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32), np.uint8)
    rgb[8:24, 2:10], alpha[8:24, 2:10] = (200, 30, 30), 255
    Image.fromarray(rgb).save(tmp_path / "image.png")
    Image.fromarray(alpha).save(tmp_path / "alpha.png")
    return Reference("x", tmp_path / "image.png", tmp_path / "alpha.png", ("the box on the left",), ("absolute",))


def test_words_and_picture_are_mirrored_together(reference: Reference) -> None:
    sides = set()
    for i in range(20):
        item = Referred((reference,), 32, seed=0)[i]
        alpha, [text] = item["alpha"], item["text"]
        side = "left" if alpha[..., :16].sum() > alpha[..., 16:].sum() else "right"
        assert text == f"the box on the {side}"
        sides.add(side)
    assert sides == {"left", "right"}


def test_an_item_is_the_same_every_time(reference: Reference) -> None:
    one, two = (Referred((reference,), 32, seed=3)[7] for _ in range(2))
    assert torch.equal(one["image"], two["image"]) and one["text"] == two["text"]
    assert one["image"].shape == (3, 32, 32)
    assert one["alpha"].shape == one["weight"].shape == (1, 1, 32, 32)


def test_nothing_to_refer_to_is_said() -> None:
    with pytest.raises(InputError, match="make it with matte data refer"):
        Referred((), 32, 0)


def test_words_for_what_is_not_there_come_with_an_empty_matte(reference: Reference, tmp_path: Path) -> None:
    Image.new("L", (32, 32)).save(tmp_path / "none.png")
    texts = ("camel", "the red camel on the left of the photo")
    nothing = Reference("x_none", reference.image, tmp_path / "none.png", texts, ("absent",) * 2)
    data = Referred((reference, nothing), 32, seed=1)
    empty = 0
    for i in range(400):
        item = data[i]
        assert ("camel" in item["text"][0]) == (not item["alpha"].any())
        empty += "camel" in item["text"][0]
    assert abs(empty / 400 - absent.SHARE) < 0.05
    assert not any("camel" in Referred((reference,), 32, seed=1)[i]["text"][0] for i in range(50))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seven photos of discs, red or blue, upper left: two named well, five that cannot be used."""
    photos = tmp_path / "photos"
    photos.mkdir()
    rows = ["name,split,quality,category,description"]
    for name, rest in {
        "one": "train,good,animals,A dog.",
        "two": "train,fair,objects,A backpack.",
        "three": "train,good,objects,",
        "four": "train,good,animals,Is this a dog?",  # a sentence, and so no more than an animal
        "held_01": "train,good,animals,A cat.",  # another view of what a test scene shows
        "other_02": "train,good,animals,A cat.",  # and what was cut from it
        "six": "test,good,animals,A cow.",
    }.items():
        alpha = np.zeros((48, 64), np.uint8)
        alpha[6:22, 4:24], alpha[22, 4:24] = 255, 128
        rgb = np.full((48, 64, 3), 60, np.uint8)
        rgb[alpha > 0] = (200, 20, 20) if name == "one" else (20, 40, 210)
        Image.fromarray(rgb).save(photos / f"{name}.jpg", quality=95)
        Image.fromarray(alpha).save(photos / f"{name}.png")
        rows.append(f"{name},{rest}")
    (photos / "manifest.csv").write_text("\n".join(rows))
    (tmp_path / "refer" / "test").mkdir(parents=True)
    objects = "name,object\ntest_000000_0,held\ntest_000000_1,cut_other\n"
    (tmp_path / "refer" / "test" / "manifest.csv").write_text(objects)
    return tmp_path


def test_photos_are_used_that_are_named_and_not_kept_back(folder: Path) -> None:
    found = worded_photos(folder)
    assert [each.photo.name for each in found] == ["one", "two"]
    assert found[0].names == names_of("A dog.", "animals")


def test_texts_of_photos_are_true_of_the_crop(folder: Path, reference: Reference) -> None:
    data = Referred((reference,), 64, seed=0, photos=worded_photos(folder), photo_share=1.0)
    nouns = {"dog": "red", "animal": "red", "backpack": "blue", "object": "blue"}
    lacking, keywords, placed = 0, 0, 0
    for i in range(200):
        item = data[i]
        [text], alpha, weight = item["text"], np.asarray(item["alpha"])[0, 0], np.asarray(item["weight"])[0, 0]
        if not alpha.any():
            lacking += 1
            assert set(text.split()) & {"dog", "backpack"} or "animal" not in text
            assert weight.min() == 1
            continue
        colour = next(colour for noun, colour in nouns.items() if noun in text.split())
        assert not {"red", "blue"} - {colour} & set(text.split())
        keywords += text in nouns
        soft = (alpha > 0.3) & (alpha < 0.7)
        assert weight[soft].max(initial=0) < 0.8 and weight[alpha == 0].min() >= 0.7
        if "left" in text or "right" in text:
            placed += 1
            centre = np.flatnonzero((alpha > 0.5).any(0)).mean() / 63
            assert (centre < 0.5) == ("left" in text)
    assert lacking <= 60 and keywords > 60 and placed > 5


def test_a_photo_is_the_same_every_time(folder: Path, reference: Reference) -> None:
    photos = worded_photos(folder)
    one, two = (Referred((reference,), 32, 5, photos, 0.5)[11] for _ in range(2))
    assert all(torch.equal(one[key], two[key]) for key in ("image", "alpha", "weight"))
    assert one["text"] == two["text"]


def test_photos_that_are_asked_for_and_not_there_are_told(reference: Reference) -> None:
    with pytest.raises(InputError, match="no photo of the split train has a description"):
        Referred((reference,), 32, 0, (), 0.25)


def test_texts_of_two_photos_side_by_side_mean_one_of_them_or_nothing(folder: Path, reference: Reference) -> None:
    data = Referred((reference,), 64, 0, worded_photos(folder), texts=3, pair_share=1.0)
    data.pool = (names_of("A camel.", "animals"),)
    for i in range(60):
        item = data[i]
        red, blue = (np.asarray(item["image"][channel]) > 0.2 for channel in (0, 2))
        first = [
            next(w for w in text.split() if w in ("dog", "animal", "backpack", "object", "camel"))
            for text in item["text"]
        ]
        # what is meant is named before what it stands beside
        assert len({word in ("dog", "animal") for word in first[:2]}) == 2 and first[2] == "camel"
        for word, alpha, weight in zip(first, item["alpha"][:, 0], item["weight"][:, 0], strict=True):
            shown = np.asarray(alpha) > 0.9
            if word == "camel":
                assert not shown.any() and np.asarray(weight).min() == 1
            else:
                own, other = (red, blue) if word in ("dog", "animal") else (blue, red)
                assert own[shown].mean() > 0.6 > 0.2 > other[shown].mean()


def test_photos_of_the_same_thing_are_not_laid_side_by_side(folder: Path, reference: Reference) -> None:
    dogs = worded_photos(folder)[:1]
    data = Referred((reference,), 64, 0, (*dogs, *dogs), texts=3, pair_share=1.0)
    assert len(data.unlike(np.random.default_rng(0))) == 1
    assert not any("backpack" in text for i in range(20) for text in data[i]["text"])


def test_two_photos_are_drawn_as_often_as_they_are_asked_for(folder: Path, reference: Reference) -> None:
    data = Referred((reference,), 32, 0, worded_photos(folder), 0.3, pair_share=0.3)
    kinds = [data.kind(np.random.default_rng(i)).__name__ for i in range(300)]
    assert all(
        abs(kinds.count(kind) / 300 - share) < 0.09 for kind, share in {"photo": 0.3, "pair": 0.3, "scene": 0.4}.items()
    )


@pytest.fixture
def pair(tmp_path: Path, reference: Reference) -> tuple[Reference, ...]:
    """Two boxes in one picture, and words for what is not there."""
    alpha = np.zeros((32, 32), np.uint8)
    alpha[8:24, 22:30] = 255
    Image.fromarray(alpha).save(tmp_path / "right.png")
    Image.new("L", (32, 32)).save(tmp_path / "none.png")
    right = Reference("y", reference.image, tmp_path / "right.png", ("the box on the right",), ("absolute",))
    nothing = Reference("n", reference.image, tmp_path / "none.png", ("camel",), ("absent",))
    return reference, right, nothing


def test_several_texts_of_a_scene_are_about_different_subjects(pair: tuple[Reference, ...]) -> None:
    data, there = Referred(pair, 32, seed=0, texts=3), 0
    for i in range(60):
        item = data[i]
        assert item["image"].shape == (3, 32, 32) and item["alpha"].shape == item["weight"].shape == (3, 1, 32, 32)
        for text, alpha in zip(item["text"], item["alpha"], strict=True):
            left, right = bool(alpha[..., :16].any()), bool(alpha[..., 16:].any())
            assert (left, right) == ("left" in text, "right" in text)
        if item["text"].count("camel") == 0:
            there += 1
            assert len(set(item["text"])) == 2
    assert there > 30


def test_half_of_the_further_texts_of_a_photo_mean_nothing_in_it(folder: Path, reference: Reference) -> None:
    data = Referred((reference,), 32, 0, worded_photos(folder), 1.0, texts=3)
    # a dog beside the backpack, and a backpack beside the dog: little stands around near animals (data/absent.py)
    empty = np.array([[not alpha.any() for alpha in data[i]["alpha"]] for i in range(300)])
    assert abs(empty[:, 0].mean() - absent.SHARE) < 0.05
    assert abs(empty[:, 1:].mean() - 0.5) < 0.05
