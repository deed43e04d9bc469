"""Alpha moved to where the colours put it: against the matrix of pymatting, and pictures whose alpha is known."""

import numpy as np
import pytest
from pymatting import cf_laplacian
from scipy.sparse import diags
from scipy.sparse.linalg import spsolve

from mattelier.errors import InputError
from mattelier.image import closed_form
from mattelier.image.closed_form import polish
from mattelier.image.colour import to_depth
from mattelier.image.trimap import BACKGROUND, FOREGROUND, UNKNOWN

HW = (75, 101)
WEIGHT = 1e-5


def disc(hw: tuple[int, int], soft_px: float = 9.0) -> np.ndarray:
    y, x = np.mgrid[: hw[0], : hw[1]]
    distance = np.hypot(y - hw[0] / 2, x - hw[1] / 2)
    return np.clip((0.3 * min(hw) - distance) / soft_px + 0.5, 0, 1).astype(np.float32)


def photo(alpha: np.ndarray, dtype: type = np.uint16) -> np.ndarray:
    """A red subject before something blue-green, both of slowly changing colours."""
    y, x = np.mgrid[: alpha.shape[0], : alpha.shape[1]]
    wave = np.sin(y / 41 + x / 53)[..., None]
    subject, behind = np.array([0.8, 0.3, 0.2]) + 0.05 * wave, np.array([0.1, 0.4, 0.6]) - 0.1 * wave
    rgb = alpha[..., None] * subject + (1 - alpha[..., None]) * behind
    return to_depth(rgb.astype(np.float32), dtype)


def hint(alpha: np.ndarray, width_px: float = 9.0) -> np.ndarray:
    far = disc(alpha.shape, 9.0 + 2 * width_px)
    return np.where(far == 0, BACKGROUND, np.where(far == 1, FOREGROUND, UNKNOWN)).astype(np.uint8)


def error(alpha: np.ndarray, true: np.ndarray, trimap: np.ndarray) -> float:
    return float(np.abs(alpha - true)[trimap == UNKNOWN].mean())


def test_many_steps_solve_the_system_of_the_matting_laplacian(monkeypatch):
    monkeypatch.setattr(closed_form, "_LEVELS", 1)
    monkeypatch.setattr(closed_form, "_LAST_STEPS", 400)
    rng, weight, hw = np.random.default_rng(0), 1e-3, (24, 31)
    pixels = rng.random((*hw, 3), np.float32)
    prior = rng.random(hw, np.float32)
    trimap = np.full(hw, UNKNOWN, np.uint8)
    trimap[:4], trimap[-4:], trimap[:, :4], trimap[:, -4:] = BACKGROUND, FOREGROUND, FOREGROUND, BACKGROUND

    known = (trimap != UNKNOWN).ravel()
    counts = np.where((prior < 0.01) | (prior > 0.99), 100 * weight, weight).ravel()  # eight unknown pixels count more
    system = cf_laplacian(pixels.astype(np.float64), epsilon=1e-7) / 9 + diags(np.where(known, 1e6, counts))
    target = np.where(known, 1e6 * (trimap == FOREGROUND).ravel(), counts * prior.ravel())
    expected = spsolve(system.tocsc(), target).reshape(hw)

    assert np.abs(expected - prior).max() > 0.1  # the system says something else than the prior
    assert np.abs(polish(prior, trimap, pixels, weight) - expected.clip(0, 1)).max() < 1e-4


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("prior", ["blurred", "grey"])
def test_a_wrong_alpha_comes_near_the_true_one(dtype, prior):
    true = disc(HW)
    trimap = hint(true)
    given = disc(HW, 30.0) if prior == "blurred" else np.full(HW, 0.5, np.float32)
    assert error(polish(given, trimap, photo(true, dtype), WEIGHT), true, trimap) < 0.25 * error(given, true, trimap)


def test_a_true_alpha_stays():
    true = disc(HW)
    trimap = hint(true)
    assert error(polish(true, trimap, photo(true), WEIGHT), true, trimap) < 0.01


def test_a_great_weight_keeps_the_networks_alpha():
    true, given = disc(HW), disc(HW, 30.0)
    trimap = hint(true)
    pixels = photo(true)
    far, near = (error(polish(given, trimap, pixels, weight), given, trimap) for weight in (1e-5, 1.0))
    assert near < 0.1 * far


def test_what_the_trimap_knows_is_exact_and_the_rest_between():
    true = disc(HW)
    trimap = hint(true)
    alpha = polish(np.random.default_rng(1).random(HW, np.float32), trimap, photo(true), WEIGHT)
    assert alpha.dtype == np.float32 and alpha.shape == HW
    assert (alpha[trimap == BACKGROUND] == 0).all() and (alpha[trimap == FOREGROUND] == 1).all()
    assert alpha.min() >= 0 and alpha.max() <= 1


def test_tiles_give_the_same_bits_as_the_whole(monkeypatch):
    true = disc((301, 233))
    trimap = hint(true, 30.0)
    noise = np.random.default_rng(2).normal(0, 0.02, (301, 233, 3))
    pixels = to_depth((photo(true) / 65535 + noise).clip(0, 1).astype(np.float32), np.uint8)
    given = disc((301, 233), 50.0)
    wholes = []
    for side_px in (4096, 64, 50):
        monkeypatch.setattr(closed_form, "_TILE_PX", side_px)
        wholes.append(polish(given, trimap, pixels, WEIGHT))
    assert all((one == wholes[0]).all() for one in wholes[1:])


def test_its_arguments_are_not_changed():
    true = disc(HW)
    arguments = (disc(HW, 30.0), hint(true), photo(true))
    copies = [each.copy() for each in arguments]
    polish(*arguments, WEIGHT)
    assert all((each == copy).all() for each, copy in zip(arguments, copies, strict=True))


@pytest.mark.parametrize("hw", [(1, 1), (1, 40), (3, 3), (9, 8), (33, 17)])
def test_small_pictures(hw):
    given = np.full(hw, 0.25, np.float32)
    pixels = np.full((*hw, 3), 77, np.uint8)
    # one colour everywhere: nothing to move to
    np.testing.assert_allclose(polish(given, np.full(hw, UNKNOWN, np.uint8), pixels, WEIGHT), given, atol=1e-5)


def test_nothing_unknown():
    trimap = hint(disc(HW))
    trimap[trimap == UNKNOWN] = FOREGROUND
    assert (polish(np.full(HW, 0.3, np.float32), trimap, photo(disc(HW)), WEIGHT) == trimap / 255).all()


@pytest.mark.parametrize("dark", [0, 255])
def test_flat_black_and_white_stay_numbers(dark):
    true = disc(HW)
    pixels = np.full((*HW, 3), dark, np.uint8)
    alpha = polish(true, hint(true), pixels, WEIGHT)
    assert np.isfinite(alpha).all()


@pytest.mark.parametrize(
    ("alpha", "trimap", "pixels", "weight"),
    [
        (np.zeros((4, 5), np.float64), (4, 5), (4, 5, 3), WEIGHT),
        (np.zeros((4, 4), np.float32), (4, 5), (4, 5, 3), WEIGHT),
        (np.zeros((4, 5), np.float32), (4, 5), (4, 5, 4), WEIGHT),
        (np.zeros((0, 5), np.float32), (0, 5), (0, 5, 3), WEIGHT),
        (np.zeros((4, 5), np.float32), (4, 5), (4, 5, 3), 0.0),
        (np.zeros((4, 5), np.float32), (4, 5), (4, 5, 3), 2.0),
        (np.zeros((4, 5), np.float32), (4, 5), (4, 5, 3), float("nan")),
    ],
)
def test_what_does_not_fit_is_refused(alpha, trimap, pixels, weight):
    with pytest.raises(InputError, match="expected"):
        polish(alpha, np.full(trimap, UNKNOWN, np.uint8), np.zeros(pixels, np.uint8), weight)
