"""The Python API as DESIGN shows it, through the names of the package."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mattelier
from mattelier import models
from mattelier.models.cards import Card


def disc() -> np.ndarray:
    y, x = np.mgrid[:60, :80]
    return np.where((np.hypot(y - 30, x - 40) < 20)[..., None], (230, 225, 240), (10, 20, 5)).astype(np.uint8)


def test_cut_over_save(installed: Card, tmp_path: Path) -> None:
    Image.fromarray(disc()).save(tmp_path / "cat.png")
    cutout = mattelier.cut(tmp_path / "cat.png", model="modnet")
    assert isinstance(cutout, mattelier.Cutout)
    assert (cutout.alpha.shape, cutout.alpha.dtype) == ((60, 80), np.float32)
    assert (cutout.foreground.shape, cutout.foreground.dtype) == ((60, 80, 3), np.float32)
    assert cutout.foreground.min() >= 0
    assert cutout.foreground.max() <= 1
    assert cutout.profile is None
    assert cutout.image().mode == "RGBA"
    assert cutout.over("#ffffff").mode == cutout.over("blur:20").mode == "RGB"
    with pytest.raises(mattelier.InputError):
        cutout.save(tmp_path / "cat.png")
    assert cutout.save(tmp_path / "cat.cutout.png").is_file()


def test_load_gives_a_matter_that_cuts_again_and_again(installed: Card) -> None:
    matter = mattelier.load("modnet")
    assert isinstance(matter, mattelier.Matter)
    assert np.array_equal(matter.cut(disc()).alpha, matter.cut(disc()).alpha)


def test_list_models_gives_cards(installed: Card) -> None:
    assert mattelier.list_models() == (installed,)


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'cutt'"):
        _ = mattelier.cutt  # type: ignore[attr-defined]
    assert set(mattelier.__all__) <= set(dir(mattelier))
    assert mattelier.__version__ == version("mattelier")


def test_an_unknown_system_is_answered_with_a_near_one() -> None:
    with pytest.raises(mattelier.UnknownModel, match="no system is called 'modnt'; expected one of modnet"):
        models.build("modnt")
    with pytest.raises(mattelier.UnknownModel, match="no system is called 'os'"):
        models.from_official("os", "x.ckpt")


def test_a_network_without_torch_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_torch(name: str) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("mattelier.models.import_module", no_torch)
    with pytest.raises(mattelier.MissingExtra, match=r"torch is not installed.*mattelier\[torch\]"):
        models.build("modnet")


def test_misspelt_options_fail() -> None:
    pytest.importorskip("torch")
    with pytest.raises(TypeError, match="lit"):
        models.build("modnet", lit=True)
