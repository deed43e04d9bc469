"""Training samples: what is in them, and that they can be drawn again."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mattelier.data.datasets import Folder, read_folder, read_set
from mattelier.data.samples import Mix, Samples, trust

KINDS = ("photo", "cutout", "moved", "empty", "proving")


def only(kind: str) -> Mix:
    return Mix(**{name: float(name == kind) for name in KINDS})


@pytest.fixture
def folder(pictures: Path) -> Folder:
    return read_folder(pictures, "train")


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_and_ranges_of_every_kind(folder: Folder, composed: Path, kind: str) -> None:
    sample = Samples(folder, 64, 1, only(kind), read_set(composed))[5]
    assert {name: tuple(t.shape) for name, t in sample.items()} == {
        "image": (3, 64, 64),
        "alpha": (1, 64, 64),
        "weight": (1, 64, 64),
    }
    assert sample["image"].min() >= -1 and sample["image"].max() <= 1
    assert sample["alpha"].min() >= 0 and sample["alpha"].max() <= 1
    assert all(t.dtype == torch.float32 for t in sample.values())


def test_a_number_is_always_the_same_sample(folder: Folder) -> None:
    first, again, other = Samples(folder, 64, 1)[9], Samples(folder, 64, 1)[9], Samples(folder, 64, 1)[10]
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["image"], other["image"])


def test_true_alpha_weighs_in_full_and_a_teachers_doubt_does_not(folder: Folder) -> None:
    assert Samples(folder, 64, 1, only("cutout"))[3]["weight"].min() == 1
    taught = Samples(folder, 64, 1, only("photo"))[3]
    edge = (taught["alpha"] > 0.4) & (taught["alpha"] < 0.6)
    assert taught["weight"][edge].max() < 0.5 < taught["weight"][taught["alpha"] == 0].min()


def test_trust_by_hand() -> None:
    alpha = np.float32([[0, 0.5, 1]])
    assert trust(alpha, "good").tolist() == [pytest.approx([1.0, 0.3, 1.0])]
    assert trust(alpha, "fair").tolist() == [pytest.approx([0.7, 0.21, 0.7])]


def test_an_empty_picture_has_nothing_in_it(folder: Folder) -> None:
    assert Samples(folder, 64, 1, only("empty"))[0]["alpha"].max() == 0


def test_a_folder_of_photos_alone_can_be_trained_on(folder: Folder) -> None:
    bare = Samples(Folder(folder.photos, (), ()), 64, 1)
    assert bare.shares == (1.0, 0.0, 0.0, 0.0, 0.0)
    assert bare[0]["alpha"].max() > 0


def test_a_subject_of_the_proving_ground_goes_over_another_background(folder: Folder, composed: Path) -> None:
    scenes = read_set(composed)
    sample = Samples(folder, 64, 1, only("proving"), scenes)[2]
    assert sample["alpha"].max() > 0.9 and sample["weight"].min() == 1
    assert Samples(folder, 64, 1, only("proving")).shares == (0.0, 1.0, 0.0, 0.0, 0.0)  # none there: cut-outs
    assert {scene.image.stem for scene in Samples(folder, 64, 1, None, scenes).scenes} == {"a", "b"}  # c has no colours


def test_shares_must_sum_to_one() -> None:
    with pytest.raises(ValueError, match="sum to"):
        Mix(photo=0.9)
