"""Alpha and colours from a trimap, with a network whose answers are known: alpha is the mean grey of 17 x 17 px."""

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ImageCms
from scipy.ndimage import distance_transform_edt, uniform_filter

from mattelier.errors import InputError, WeightsError
from mattelier.image.closed_form import polish
from mattelier.image.colour import to_depth, to_srgb
from mattelier.image.io import Picture
from mattelier.image.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from mattelier.models.cards import Card, Contract
from mattelier.runtime.engine import OnnxEngine
from mattelier.runtime.trimap_matter import moved, refine

Told = tuple[Card, Path]
B, U, F = BACKGROUND, UNKNOWN, FOREGROUND


@pytest.fixture(scope="module")
def engine(told: Told) -> OnnxEngine:
    return OnnxEngine(told[0], told[1].read_bytes(), threads=1)


@pytest.fixture
def contract(told: Told) -> Contract:
    return told[0].contract


def swapped_profile() -> bytes:
    """sRGB with its red and green exchanged: a profile in which every colour has other numbers."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    table = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * int.from_bytes(profile[128:132]), 12)}
    red, green = table[b"rXYZ"], table[b"gXYZ"]
    profile[red + 4 : red + 12], profile[green + 4 : green + 12] = (
        profile[green + 4 : green + 12],
        profile[red + 4 : red + 12],
    )
    return bytes(profile)


def photo(hw: tuple[int, int], dtype: type = np.uint8) -> np.ndarray:
    """Slow waves: no two places alike, nothing near 0 or 1."""
    y, x = np.mgrid[: hw[0], : hw[1]]
    waves = [0.5 + 0.3 * np.sin(y / (17 + 3 * k)) * np.cos(x / (23 - 2 * k) + k) for k in range(3)]
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, (*hw, 3))
    return np.asarray((np.stack(waves, -1) + noise) * np.iinfo(dtype).max).astype(dtype)


def ring(hw: tuple[int, int], inner: float = 0.5, outer: float = 0.9) -> np.ndarray:
    """A trimap: a disc of subject, an unknown ring, background in the corners; the ring is cut off by two borders."""
    y, x = np.mgrid[: hw[0], : hw[1]]
    distance = np.hypot((y - 0.45 * hw[0]) / hw[0], (x - 0.45 * hw[1]) / hw[1]) * 2
    return np.where(distance < inner, F, np.where(distance < outer, U, B)).astype(np.uint8)


def solved(engine: OnnxEngine, contract: Contract, pixels: np.ndarray, trimap: np.ndarray, **more: Any) -> Any:
    return refine(contract, engine.run, Picture(pixels, more.get("alpha"), more.get("profile")), trimap)


def expected(pixels: np.ndarray, trimap: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same in a few lines: means of 17 px, distances in the whole trimap."""
    grey = pixels.mean(-1) / 255
    ones = np.pad(np.ones(trimap.shape), 8)
    alpha = uniform_filter(np.pad(grey, 8), 17, mode="constant")[8:-8, 8:-8] / uniform_filter(ones, 17)[8:-8, 8:-8]
    alpha = np.where(trimap == U, alpha, trimap / 255)
    squared = distance_transform_edt(trimap != F) ** 2
    bells = np.stack([np.exp(-squared / (2 * sigma**2)) for sigma in (6.4, 25.6, 51.2)], -1)
    return alpha, np.where((trimap == U)[..., None], (pixels / 255 + bells) / 2, pixels / 255)


@pytest.mark.parametrize(
    "hw", [(64, 96), (296, 200), (297, 203), (120, 330), (37, 260)]
)  # whole; tiles; odd; one side shorter than a tile; and shorter than its margins
def test_alpha_and_colours_are_the_networks_where_the_trimap_is_unknown(
    engine: OnnxEngine, contract: Contract, hw: tuple[int, int]
) -> None:
    pixels, trimap = photo(hw), ring(hw)
    alpha, colours = solved(engine, contract, pixels, trimap)
    wanted, foreground = expected(pixels, trimap)
    assert alpha.dtype == np.float32 and colours.dtype == np.uint8
    # 37 rows are padded to 40: what is padded counts in the last means
    rows = slice(0, hw[0] - 8 if hw[0] == 37 else hw[0])
    np.testing.assert_allclose(alpha[rows], wanted[rows], atol=1e-5)
    np.testing.assert_allclose(colours[rows] / 255, foreground[rows], atol=1.01 / 255)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_the_trimap_knows_is_exact_and_the_photos_own(engine: OnnxEngine, contract: Contract, dtype: type) -> None:
    pixels, trimap = photo((210, 170), dtype), ring((210, 170))
    alpha, colours = solved(engine, contract, pixels, trimap)
    assert (alpha[trimap == F] == 1).all() and (alpha[trimap == B] == 0).all()
    assert ((alpha > 0) & (alpha < 1))[trimap == U].all()
    assert np.array_equal(colours[trimap != U], pixels[trimap != U])
    assert not np.array_equal(colours, pixels)


def test_a_hand_drawn_row(engine: OnnxEngine, contract: Contract) -> None:
    """One grey of 102 (0.4) everywhere: alpha is 0.4, F half of it and half the bell of the nearest subject pixel."""
    pixels = np.full((8, 16, 3), 102, np.uint8)
    trimap = np.full((8, 16), U, np.uint8)
    trimap[:, 0], trimap[:, -1] = F, B
    alpha, colours = solved(engine, contract, pixels, trimap)
    np.testing.assert_allclose(alpha[3], [1, *[0.4] * 14, 0], atol=1e-6)
    bell = [np.exp(-(8**2) / (2 * sigma**2)) for sigma in (6.4, 25.6, 51.2)]
    assert colours[3, 8].tolist() == [round(255 * (0.4 + value) / 2) for value in bell]
    assert colours[3, [0, -1]].tolist() == [[102] * 3] * 2


def test_tiles_equal_the_whole(engine: OnnxEngine, contract: Contract) -> None:
    """DESIGN.md section 8: to 1/255 outside seams of 16 px; this network sees 8 px far, so in the seams as well."""
    pixels, trimap = photo((328, 264)), ring((328, 264))
    tiled = solved(engine, contract, pixels, trimap)
    at_once = solved(engine, replace(contract, longest_px=400), pixels, trimap)
    assert np.abs(tiled[0] - at_once[0]).max() <= 1e-5
    assert np.abs(tiled[1].astype(int) - at_once[1]).max() <= 1


def test_a_seam_fades_from_one_tile_to_the_next(contract: Contract) -> None:
    """Two tiles that disagree: 0.25 on the left, 0.75 on the right, a straight line over 16 px between them."""
    answers = iter((0.25, 0.75))

    def run(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        hw, value = inputs["image"].shape[2:], next(answers)
        return {
            "alpha": np.full((1, 1, *hw), value, np.float32),
            "foreground": np.full((1, 3, *hw), value, np.float32),
            "background": np.zeros((1, 3, *hw), np.float32),
        }

    trimap = np.full((40, 168), U, np.uint8)
    trimap[:, :4], trimap[:, -4:] = F, B
    alpha, colours = refine(contract, run, Picture(np.full((40, 168, 3), 100, np.uint8), None, None), trimap)
    line = 0.25 + 0.5 * np.arange(1, 17) / 17
    np.testing.assert_allclose(alpha[20], [*[1] * 4, *[0.25] * 72, *line, *[0.75] * 72, *[0] * 4], atol=1e-6)
    np.testing.assert_allclose(colours[20, 4:-4, 0] / 255, alpha[20, 4:-4], atol=0.51 / 255)


def test_the_network_is_shown_only_what_is_near_the_unknown(engine: OnnxEngine, contract: Contract) -> None:
    shown: list[tuple[int, ...]] = []

    def run(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        shown.append(inputs["image"].shape[2:])
        return engine.run(inputs)

    trimap = np.full((400, 400), B, np.uint8)
    trimap[100:110, 100:110], trimap[104, 104] = U, F
    refine(contract, run, Picture(photo((400, 400)), None, None), trimap)
    assert shown == [(48, 48)]  # 10 and 16 on each side, up to a multiple of 8
    shown.clear()
    refine(contract, run, Picture(photo((400, 400)), None, None), np.full((400, 400), F, np.uint8))
    assert shown == []


def test_a_card_that_asks_for_it_has_its_alpha_polished_and_leaves_its_colours_to_be_estimated(
    engine: OnnxEngine, contract: Contract
) -> None:
    """In tiles as on the whole."""
    pixels, trimap = photo((210, 170)), ring((210, 170))
    picture = Picture(pixels, None, None)
    before, _ = solved(engine, contract, pixels, trimap)
    alpha, colours = refine(replace(contract, polish=1e-3), engine.run, picture, trimap)
    at_once, _ = refine(replace(contract, polish=1e-3, longest_px=400), engine.run, picture, trimap)
    np.testing.assert_allclose(alpha, polish(before, trimap, pixels, 1e-3), atol=1 / 510)
    assert np.abs(alpha - before).max() > 0.1
    assert np.abs(alpha - at_once).max() < 1 / 255
    assert colours is None


def test_behind_another_network_both_are_heard(engine: OnnxEngine, contract: Contract) -> None:
    """The mean of the two, and ten times the weight; a card without a polish hears the refiner alone."""
    pixels, trimap = photo((120, 96)), ring((120, 96))
    first = np.full(trimap.shape, 0.3, np.float32)
    picture = Picture(pixels, None, None)
    own, _ = refine(contract, engine.run, picture, trimap)
    assert np.array_equal(refine(contract, engine.run, picture, trimap, first)[0], own)
    alpha, _ = refine(replace(contract, polish=1e-3), engine.run, picture, trimap, first)
    np.testing.assert_allclose(alpha, polish((own + first) / 2, trimap, pixels, 1e-2), atol=1 / 510)


def test_what_nobody_sees_is_certain(contract: Contract) -> None:
    """Within half a step of 8 bits of 0 or 1: that, with the photo's own samples."""
    values = np.array([0.001, 0.003, 0.5, 0.997, 0.999], np.float32)

    def run(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        alpha = np.zeros((1, 1, 8, 8), np.float32)
        alpha[0, 0, 0, 1:6] = values
        half = np.full((1, 3, 8, 8), 0.5, np.float32)
        return {"alpha": alpha, "foreground": half, "background": half}

    trimap = np.full((8, 8), U, np.uint8)
    trimap[:, 0], trimap[:, -1] = F, B
    alpha, colours = refine(contract, run, Picture(np.full((8, 8, 3), 7, np.uint8), None, None), trimap)
    np.testing.assert_allclose(alpha[0], [1, 0, 0.003, 0.5, 0.997, 1, 0, 0], atol=1e-6)
    assert colours[0, :, 0].tolist() == [7, 7, 128, 128, 128, 7, 7, 7]
    # the card's levels come first
    levelled = refine(
        replace(contract, levels=(0.1, 0.9)), run, Picture(np.full((8, 8, 3), 7, np.uint8), None, None), trimap
    )
    np.testing.assert_allclose(levelled[0][0], [1, 0, 0, 0.5, 1, 1, 0, 0], atol=1e-6)


def test_colours_of_16_bits_keep_what_8_cannot_hold() -> None:
    """The network saw 100 of 255 and says so: the sample stays; it says 10 more of 255: the sample moves by that."""
    pixels = np.full((1, 2, 3), 100 * 257 + 77, np.uint16)
    foreground = np.array([[[100 / 255] * 3, [110 / 255] * 3]], np.float32)
    out = moved(pixels, np.full((1, 2, 3), 100, np.uint8), foreground, None)
    assert np.rint(out[0, :, 0]).tolist() == [25777, 25777 + 2570]


def test_colours_return_to_the_photos_space() -> None:
    """sRGB with red and green exchanged: what the network moves in red moves the photo's green; no move, no change."""
    pixels = np.array([[[200, 100, 50], [30, 60, 90]]], np.uint8)
    seen = to_srgb(pixels, swapped_profile())
    np.testing.assert_allclose(seen, pixels[..., [1, 0, 2]], atol=2)
    answer = to_depth(seen, np.float32)
    assert np.array_equal(moved(pixels, seen, answer, swapped_profile()), pixels)
    answer[..., 0] += 40 / 255
    there = moved(pixels, seen, answer, swapped_profile())
    np.testing.assert_allclose(there, pixels + np.array([0, 40, 0]), atol=2)  # two tables of 8 bits


def peak_bytes(engine: OnnxEngine, contract: Contract, side: int) -> int:
    """Of a photo with an unknown ring of always the same size, beside the photo and its trimap."""
    pixels, trimap = np.full((side, side, 3), 90, np.uint8), np.full((side, side), B, np.uint8)
    trimap[300:420, 300:420], trimap[310:410, 310:410] = U, F
    tracemalloc.start()
    refine(contract, engine.run, Picture(pixels, None, None), trimap)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_follows_the_photos_own_type(engine: OnnxEngine, contract: Contract) -> None:
    """A pixel more costs alpha's 4 bytes, the colours' 3 and two masks; one plane of float64 would cost 8 more."""
    peak_bytes(engine, contract, 800)  # warm
    small, large = peak_bytes(engine, contract, 800), peak_bytes(engine, contract, 2000)
    assert (large - small) / (2000**2 - 800**2) < 10.5


@pytest.mark.parametrize("fault", ["missing", "shape", "nan"])
def test_what_is_no_answer_is_named(engine: OnnxEngine, contract: Contract, fault: str) -> None:
    def run(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        outputs = engine.run(inputs)
        wrong = {"shape": outputs["foreground"][:, :1], "nan": outputs["foreground"] * np.float32(np.nan)}
        outputs.pop("foreground")
        return outputs if fault == "missing" else {**outputs, "foreground": wrong[fault]}

    with pytest.raises(WeightsError, match=r"the network answered .* for foreground; expected \(1, 3, 64, 64\)"):
        refine(contract, run, Picture(photo((64, 64)), None, None), ring((64, 64)))


def test_a_network_that_wants_its_trimap_otherwise_is_refused(engine: OnnxEngine, contract: Contract) -> None:
    with pytest.raises(
        InputError, match="the network asks for y; this version can give a trimap as image and two_chan"
    ):
        refine(replace(contract, inputs=("y",)), engine.run, Picture(photo((8, 8)), None, None), ring((8, 8)))
