"""Crops for trimap systems: the compositing equation, the trimap, and the same sample every time."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mattelier.data import trimaps
from mattelier.data.crops import Crops, Draws, window
from mattelier.data.datasets import Folder, read_folder, read_set
from mattelier.errors import InputError

DRAWS = Draws((("cutout", 0.6), ("photo", 0.4)), (32, 64), trimaps.Ranges((3, 9)), second_share=0.5)


def test_a_set_s_subject_gets_other_colours_and_another_background(pictures: Path, composed: Path) -> None:
    folder, sets = read_folder(pictures, "train"), {"proving": read_set(composed)[:2]}
    plain = Crops(folder, sets, 32, 1, Draws((("proving", 1.0),), (32,), DRAWS.ranges))
    anew = Crops(folder, sets, 32, 1, Draws((("proving", 1.0),), (32,), DRAWS.ranges, anew_share=1.0))
    for i in range(4):
        one, other = plain[i], anew[i]
        mix = other["alpha"] * other["foreground"] + (1 - other["alpha"]) * other["background"]
        torch.testing.assert_close((other["image"] + 1) / 2, mix, rtol=0, atol=1e-5)
        assert not torch.equal(one["background"], other["background"])
        assert not torch.equal(one["foreground"], other["foreground"])


def test_the_equation_holds_where_colours_are_known(pictures: Path, composed: Path) -> None:
    draws = Draws((("cutout", 0.4), ("photo", 0.2), ("proving", 0.4)), (32, 48), DRAWS.ranges, 0.5)
    crops = Crops(read_folder(pictures, "train"), {"proving": read_set(composed)}, 32, 1, draws)
    known = []
    for i in range(40):
        item = crops[i]
        assert item["image"].shape == item["foreground"].shape == item["background"].shape == (3, 32, 32)
        a, image = item["alpha"], (item["image"] + 1) / 2
        expected = a * item["foreground"] + (1 - a) * item["background"]
        torch.testing.assert_close(image, expected, rtol=0, atol=1e-5)
        assert set(item["trimap"].unique().tolist()) <= {0.0, 0.5, 1.0}
        assert (a[item["trimap"] == 0] == 0).all() and (a[item["trimap"] == 1] == 1).all()
        known.append(float(item["known"].min()))
        if not known[-1]:
            assert torch.equal(item["foreground"], item["background"])
    assert 0.0 in known and 1.0 in known


def test_an_item_is_the_same_every_time_and_no_other(pictures: Path) -> None:
    folder = read_folder(pictures, "train")
    one, two = Crops(folder, {}, 32, 1, DRAWS)[5], Crops(folder, {}, 32, 1, DRAWS)[5]
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["image"], Crops(folder, {}, 32, 2, DRAWS)[5]["image"])


def test_a_crop_may_keep_its_size(pictures: Path) -> None:
    draws = Draws((("cutout", 1.0),), (32, 64), DRAWS.ranges, keeps_size=True)
    crops = Crops(read_folder(pictures, "train"), {}, 96, 1, draws)
    assert {crops[i]["alpha"].shape[-1] for i in range(12)} == {32, 64}


def test_windows_centre_on_soft_pixels_and_stay_inside() -> None:
    alpha = np.zeros((40, 60), np.uint8)
    alpha[3, 55] = 100
    rng = np.random.default_rng(0)
    assert window(alpha, 20, rng) == (40, 0, 60, 20)
    assert window(alpha, 50, rng) == (10, -22, 60, 28)  # larger than the cut-out's height: empty above and below
    left, top, right, bottom = window(np.zeros((40, 60), np.uint8), 20, rng)
    assert left >= 0 and right <= 60 and top >= 0 and bottom <= 40


def test_what_is_missing_is_said(pictures: Path, composed: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="draws from cutout and the data folder has none"):
        Crops(Folder((), (), ()), {}, 32, 1, DRAWS)
    with pytest.raises(InputError, match="draws from proving"):
        Crops(read_folder(pictures, "train"), {}, 32, 1, Draws((("proving", 1.0),), (32,), DRAWS.ranges))
    (composed / "alpha" / "b.png").unlink()
    with pytest.raises(InputError, match=r"b\.png was not found"):
        read_set(composed)
    with pytest.raises(InputError, match="holds no PNG"):
        read_set(composed / "fg")
