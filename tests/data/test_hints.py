"""Trimaps for a folder of mattes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.data.hints import WAYS, draw, jobs
from mattelier.errors import InputError


@pytest.mark.parametrize("way", WAYS)
def test_every_way_keeps_to_the_truth(way: str) -> None:
    alpha = np.zeros((120, 120), np.uint8)
    alpha[20:100, 20:100] = 255
    trimap = draw(alpha, way, np.random.default_rng(0))
    assert trimap.shape == alpha.shape and (trimap == 128).any()
    assert (alpha[trimap == 0] == 0).all() and (alpha[trimap == 255] == 255).all()


def test_a_job_a_matte(tmp_path: Path) -> None:
    Image.new("L", (30, 20), 255).save(tmp_path / "a.png")
    (job,) = jobs((tmp_path / "a.png",), "box", 1)
    made = job.make()
    assert job.name == "a" and list(made.planes) == ["trimap"] and made.row == {"way": "box"}


def test_what_cannot_be_is_named() -> None:
    with pytest.raises(InputError, match="expected one of dim, gfm"):
        jobs((Path("a.png"),), "guess", 0)
    with pytest.raises(InputError, match="no matte was found"):
        jobs((), "dim", 0)
