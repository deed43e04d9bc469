"""DIM's and MatteFormer's way of a photo and a trimap, with networks of known answers; FBA's: test_trimap_matter."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from mattelier.errors import InputError, WeightsError
from mattelier.image.foreground import decontaminate
from mattelier.image.io import Picture
from mattelier.image.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from mattelier.models.cards import CARDS, Card
from mattelier.models.official import OFFICIAL
from mattelier.runtime import cascade, prepare_dim, prepare_matteformer
from mattelier.runtime.engine import OnnxEngine
from mattelier.runtime.look import layers
from mattelier.runtime.pipeline import Matter
from mattelier.runtime.procedures import PROCEDURES, procedure_of
from mattelier.runtime.trimap_matter import heads, refine, shrunk, shrunk_trimap

Told = tuple[Card, Path]
Planes = dict[str, np.ndarray]
B, U, F = BACKGROUND, UNKNOWN, FOREGROUND


@pytest.fixture(params=["told_dim", "told_matteformer"])
def system(request: pytest.FixtureRequest) -> Told:
    made: Told = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def engine(system: Told) -> OnnxEngine:
    return OnnxEngine(system[0], system[1].read_bytes(), threads=1)


def photo(hw: tuple[int, int], dtype: type = np.uint8) -> np.ndarray:
    y, x = np.mgrid[: hw[0], : hw[1]]
    waves = [0.5 + 0.3 * np.sin(y / (17 + 3 * k)) * np.cos(x / (23 - 2 * k) + k) for k in range(3)]
    return np.asarray(np.stack(waves, -1) * np.iinfo(dtype).max).astype(dtype)


def ring(hw: tuple[int, int], inner: float = 0.5, outer: float = 0.9) -> np.ndarray:
    """A disc of subject, an unknown ring that two borders cut off, background in the corners."""
    y, x = np.mgrid[: hw[0], : hw[1]]
    distance = np.hypot((y - 0.45 * hw[0]) / hw[0], (x - 0.45 * hw[1]) / hw[1]) * 2
    return np.where(distance < inner, F, np.where(distance < outer, U, B)).astype(np.uint8)


def expected(card: Card, pixels: np.ndarray, trimap: np.ndarray) -> np.ndarray:
    """Mean grey of 17 px: over the picture alone for DIM, over its mirrored border as well for MatteFormer."""
    grey = pixels.mean(-1) / np.iinfo(pixels.dtype).max
    if card.contract.inputs == ("x",):
        ones = uniform_filter(np.pad(np.ones(trimap.shape), 8), 17, mode="constant")[8:-8, 8:-8]
        mean = uniform_filter(np.pad(grey, 8), 17, mode="constant")[8:-8, 8:-8] / ones
    else:
        mean = uniform_filter(grey, 17, mode="mirror")
    return np.where(trimap == U, mean, trimap / 255)


@pytest.mark.parametrize("hw", [(64, 96), (288, 192), (297, 203), (160, 330)])  # whole; tiles; odd; a band of them
def test_alpha_is_the_networks_where_the_trimap_is_unknown(
    system: Told, engine: OnnxEngine, hw: tuple[int, int]
) -> None:
    pixels, trimap = photo(hw), ring(hw)
    alpha, colours = refine(system[0].contract, engine.run, Picture(pixels, None, None), trimap)
    assert alpha.dtype == np.float32 and colours is None
    np.testing.assert_allclose(alpha, expected(system[0], pixels, trimap), atol=1e-5)


def test_a_side_shorter_than_a_tile_is_padded(system: Told, engine: OnnxEngine) -> None:
    """37 rows become 64: DIM's repeat the last one, so its last means are others; MatteFormer's mirror them."""
    pixels, trimap = photo((37, 260)), ring((37, 260))
    alpha, _ = refine(system[0].contract, engine.run, Picture(pixels, None, None), trimap)
    rows = slice(0, 37 - 8 if system[0].contract.inputs == ("x",) else 37)
    np.testing.assert_allclose(alpha[rows], expected(system[0], pixels, trimap)[rows], atol=1e-5)


@pytest.mark.parametrize("hw", [(80, 110), (31, 70), (100, 128)])
def test_a_photo_that_fits_goes_through_the_published_procedure(
    system: Told, engine: OnnxEngine, hw: tuple[int, int]
) -> None:
    pixels, trimap = photo(hw), ring(hw)
    alpha, _ = refine(system[0].contract, engine.run, Picture(pixels, None, None), trimap)
    if system[0].contract.inputs == ("x",):
        inputs = prepare_dim.published_input(pixels, trimap)
        assert inputs["x"].shape[2:] == prepare_dim.published_size(hw)
        wanted = prepare_dim.published_alpha(engine.run(inputs)["alpha"], trimap)
    else:
        wanted = prepare_matteformer.published_alpha(
            engine.run(prepare_matteformer.published_input(pixels, trimap)), trimap
        )
    np.testing.assert_allclose(alpha, wanted, atol=1e-6)


def test_tiles_have_the_networks_multiple_and_no_more_than_they_may(system: Told, engine: OnnxEngine) -> None:
    shown: list[tuple[int, int]] = []

    def run(inputs: Planes) -> Planes:
        shown.append(next(iter(inputs.values())).shape[2:])  # type: ignore[arg-type]
        return engine.run(inputs)

    refine(system[0].contract, run, Picture(photo((300, 420)), None, None), ring((300, 420)))
    border = 0 if system[0].contract.inputs == ("x",) else 2 * prepare_matteformer.BORDER_PX
    assert len(shown) > 4
    assert all(side % 32 == 0 and side <= 128 + border for hw in shown for side in hw)


def test_matteformers_tiles_see_around_them_and_mirror_only_where_the_photo_ends() -> None:
    """A tile's input is a part of the whole picture's, border and all."""
    rgb, trimap = photo((128, 160)), ring((128, 160))
    whole = prepare_matteformer.published_input(rgb, trimap)
    for top, left in ((0, 0), (32, 64), (64, 96)):
        wide = slice(max(0, top - 32), min(128, top + 96)), slice(max(0, left - 32), min(160, left + 96))
        inner = (
            slice(top - wide[0].start, top - wide[0].start + 64),
            slice(left - wide[1].start, left - wide[1].start + 64),
        )
        part = prepare_matteformer.tile_input(rgb[wide], trimap[wide], inner)
        for name, plane in part.items():
            assert np.array_equal(plane, whole[name][..., top : top + 128, left : left + 128]), (name, top, left)


def test_dims_tiles_are_not_resampled() -> None:
    rgb, trimap = photo((40, 64)), ring((40, 64))
    x = prepare_dim.tile_input(rgb, trimap)["x"]
    assert x.shape == (1, 4, 64, 64)
    np.testing.assert_allclose(x[0, 3, :40] * 255, trimap, atol=1e-4)
    assert np.array_equal(x[0, :, 40:], np.repeat(x[0, :, 39:40], 24, 1))
    alpha = prepare_dim.tile_alpha(np.full((1, 1, 64, 64), 0.25, np.float32), trimap)
    np.testing.assert_allclose(alpha, np.where(trimap == U, 0.25, trimap / 255))


def test_colours_are_estimated_where_the_network_finds_none(system: Told) -> None:
    pixels, trimap = photo((96, 128), np.uint16), ring((96, 128))
    cut = Matter(system[0], file=system[1], threads=1).cut(pixels, trimap=trimap)
    assert cut.subject is None and np.array_equal(cut.trimap, trimap)
    assert np.array_equal(cut.colours, decontaminate(pixels, cut.alpha))
    assert np.array_equal(cut.colours[trimap == F], pixels[trimap == F])
    draft = Matter(system[0], file=system[1], threads=1).cut(pixels, trimap=trimap, quality="draft")
    assert np.array_equal(draft.alpha, cut.alpha) and np.array_equal(draft.colours, pixels)


def test_it_can_refine_what_another_left_open(system: Told, glancing: Told) -> None:
    y, x = np.mgrid[:100, :128]  # what the refiner is given at once
    disc = np.clip((30 - np.hypot(y - 50, x - 64)) / 24 + 0.5, 0, 1)
    pixels = (10 + 220 * np.repeat(disc[..., None], 3, -1)).astype(np.uint8)
    refiner = Matter(system[0], file=system[1], threads=1)
    cut = Matter(glancing[0], file=glancing[1], threads=1, refiner=refiner).cut(pixels)
    alone = refiner.cut(pixels, trimap=cut.trimap)
    assert np.array_equal(cut.alpha, alone.alpha) and np.array_equal(cut.colours, alone.colours)
    assert f" + {system[0].name}@" in cut.model


@pytest.mark.parametrize("fault", ["missing", "shape", "nan"])
def test_what_is_no_answer_is_named(system: Told, engine: OnnxEngine, fault: str) -> None:
    def run(inputs: Planes) -> Planes:
        outputs = engine.run(inputs)
        alpha = outputs.pop("alpha")
        wrong = {"shape": alpha[..., 1:], "nan": alpha * np.float32(np.nan)}
        return outputs if fault == "missing" else {**outputs, "alpha": wrong[fault]}

    with pytest.raises(WeightsError, match=r"the network answered .* for alpha; expected \(1, 1, \d+, \d+\)"):
        refine(system[0].contract, run, Picture(photo((64, 64)), None, None), ring((64, 64)))


def test_a_look_shows_all_heads_at_the_photos_size_with_what_is_known(system: Told) -> None:
    pixels, trimap = photo((90, 110)), ring((90, 110))
    look = Matter(system[0], file=system[1], threads=1).look(pixels, trimap=trimap)
    names = {"x": ["coarse", "alpha"], "image": ["os8", "os4", "os1", "alpha"]}[system[0].contract.inputs[0]]
    assert [layer.name for layer in look.layers] == names
    for layer in look.layers:
        assert layer.pixels.shape == (90, 110)
        assert np.array_equal(layer.pixels[trimap != U], trimap[trimap != U])
    finer, alpha = (layer.pixels.astype(int) for layer in look.layers[-2:])
    assert np.abs(finer - alpha)[trimap == U].mean() > 0.5  # other heads, other pictures


def test_fba_is_looked_at_with_its_colours(told: Told) -> None:
    look = Matter(told[0], file=told[1], threads=1).look(photo((64, 72)), trimap=ring((64, 72)))
    assert [(layer.name, layer.pixels.shape) for layer in look.layers] == [
        ("alpha", (64, 72)), ("foreground", (64, 72, 3)), ("background", (64, 72, 3)),
    ]  # fmt: skip
    np.testing.assert_allclose(look.layers[2].pixels, photo((64, 72)), atol=1)  # its background is the picture


def test_a_large_photo_is_looked_at_small(system: Told, engine: OnnxEngine) -> None:
    pixels, trimap = photo((300, 400)), ring((300, 400))
    planes = heads(system[0].contract, engine.run, Picture(pixels, None, None), trimap)
    assert {plane.shape for plane in planes.values()} == {(1, 1, 96, 128)}
    assert len(layers(planes)) == len(planes)


def test_a_small_trimap_knows_only_what_is_known_all_over() -> None:
    trimap = np.array([[B, B, F, F, F, B], [B, B, F, F, F, B]] * 2, np.uint8)
    picture = shrunk(Picture(photo((4, 6)), np.full((4, 6), 255, np.uint8), None), 3)
    assert picture.pixels.shape == (2, 3, 3) and picture.alpha is not None and picture.alpha.shape == (2, 3)
    small = shrunk_trimap(trimap, (2, 3))
    assert small.tolist() == [[B, F, U]] * 2
    assert shrunk(picture, 3) is picture and shrunk_trimap(small, (2, 3)) is small


def test_a_look_needs_the_trimap_that_a_cut_needs(system: Told) -> None:
    matter = Matter(system[0], file=system[1], threads=1)
    with pytest.raises(InputError, match="no trimap was given"):
        matter.look(photo((64, 64)))
    with pytest.raises(InputError, match="expected one size"):
        matter.look(photo((64, 64)), trimap=ring((64, 60)))


def test_every_trimap_system_has_a_procedure() -> None:
    """Cards of the package, and the contracts of released checkpoints."""
    contracts = [card.contract for card in CARDS] + [official.contract for official in OFFICIAL.values()]
    asked = [contract for contract in contracts if contract.trimap == "required"]
    assert len({procedure_of(contract) for contract in asked}) == len(PROCEDURES) == 3


def test_any_of_them_can_follow_and_none_can_lead(system: Told) -> None:
    assert cascade.can_follow(system[0]) and not cascade.can_lead(system[0])
    other = replace(system[0], contract=replace(system[0].contract, inputs=("picture",)))
    assert not cascade.can_follow(other)
    with pytest.raises(InputError, match=r"the network asks for picture; this version can give a trimap as .*, or x"):
        procedure_of(other.contract)
