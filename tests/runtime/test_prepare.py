"""What the network is fed, worked out by hand from the contract."""

import numpy as np
import pytest

from mattelier.errors import InputError, WeightsError
from mattelier.image.io import Picture
from mattelier.models.cards import Contract
from mattelier.runtime.prepare import levelled, network_copy, network_input, restore, seen_part

CONTRACT = Contract(longest_px=64, multiple_of=32)


def picture(pixels: np.ndarray, alpha: np.ndarray | None = None) -> Picture:
    return Picture(pixels, alpha, None)


@pytest.mark.parametrize(
    ("hw", "seen"), [((640, 640), (64, 64)), ((300, 640), (32, 64)), ((9, 9), (64, 64)), ((2000, 40), (64, 32))]
)
def test_the_longer_side_and_the_multiple_decide_the_size(hw: tuple[int, int], seen: tuple[int, int]) -> None:
    copy = network_copy(CONTRACT, picture(np.full((*hw, 3), 77, np.uint8)))
    assert copy.shape == (*seen, 3)
    assert copy.dtype == np.uint8
    assert (copy == 77).all()


def test_sixteen_bits_are_seen_as_eight() -> None:
    copy = network_copy(CONTRACT, picture(np.full((64, 64, 3), 257 * 200, np.uint16)))
    assert (copy == 200).all()


def test_transparent_places_are_seen_white() -> None:
    alpha = np.zeros((64, 64), np.uint8)
    alpha[:, 32:] = 255
    copy = network_copy(CONTRACT, picture(np.full((64, 64, 3), 10, np.uint8), alpha))
    assert (copy[:, :32] == 255).all()
    assert (copy[:, 32:] == 10).all()


def test_values_are_scaled_and_normalised_channel_by_channel() -> None:
    contract = Contract(longest_px=64, scale=2.0, mean=(0.0, 0.5, 1.0), std=(1.0, 0.5, 0.25))
    x = network_input(contract, np.full((32, 32, 3), (255, 51, 0), np.uint8))["image"]
    assert x.shape == (1, 3, 32, 32)
    assert x.dtype == np.float32
    # (1.0 * 2 - 0) / 1, (0.2 * 2 - 0.5) / 0.5, (0 * 2 - 1) / 0.25
    np.testing.assert_allclose(x[0, :, 0, 0], [2.0, -0.2, -4.0], atol=1e-6)


def test_rows_stay_rows_and_red_stays_first() -> None:
    copy = np.zeros((32, 64, 3), np.uint8)
    copy[3, 5] = (255, 0, 0)
    x = network_input(CONTRACT, copy)["image"]
    assert np.argwhere(x == 1).tolist() == [[0, 0, 3, 5]]


def test_a_network_that_wants_more_than_an_image_is_refused() -> None:
    with pytest.raises(InputError, match="asks for image, trimap"):
        network_input(Contract(longest_px=64, inputs=("image", "trimap")), np.zeros((32, 32, 3), np.uint8))


def test_restore_gives_the_plane_within_its_range() -> None:
    alpha = np.array([[[[-0.1, 0.25], [1.0, 1.5]]]], np.float32)
    coarse = restore(CONTRACT, {"alpha": alpha}, (2, 2))
    assert coarse.dtype == np.float32
    assert coarse.tolist() == [[0.0, 0.25], [1.0, 1.0]]


def test_levels_are_a_fixed_line_and_never_the_pictures_own() -> None:
    contract = Contract(longest_px=64, levels=(0.1, 0.9))
    alpha = np.array([[[[0.05, 0.3], [0.5, 0.92]]]], np.float32)
    np.testing.assert_allclose(restore(contract, {"alpha": alpha}, (2, 2)), [[0, 0.25], [0.5, 1]], atol=1e-6)


def test_a_faint_island_is_cleared() -> None:
    alpha = np.zeros((1, 1, 1, 5), np.float32)
    alpha[0, 0, 0] = (0.3, 0, 0.3, 1, 0.3)
    np.testing.assert_allclose(restore(CONTRACT, {"alpha": alpha}, (1, 5)), [[0, 0, 0.3, 1, 0.3]], atol=1e-6)


@pytest.mark.parametrize("alpha", [np.zeros((1, 1, 2, 3), np.float32), np.full((1, 1, 2, 2), np.nan, np.float32)])
def test_an_answer_that_is_no_alpha_is_refused(alpha: np.ndarray) -> None:
    with pytest.raises(WeightsError, match=r"expected \(1, 1, 2, 2\)"):
        restore(CONTRACT, {"alpha": alpha}, (2, 2))


def test_a_network_that_wants_0_to_255_gets_that() -> None:
    """GFM's contract: RGB as it is in the file."""
    copy = np.random.default_rng(0).integers(0, 256, (32, 64, 3), dtype=np.uint8)
    (plane,) = network_input(Contract(longest_px=64, scale=255.0), copy).values()
    assert np.array_equal(plane[0].transpose(1, 2, 0), copy.astype(np.float32))


def test_a_part_is_seen_on_white_and_at_its_own_size() -> None:
    pixels = np.full((4, 6, 3), 60, np.uint8)
    alpha = np.array([[0, 0, 0, 51, 255, 255]] * 4, np.uint8)
    seen = seen_part(Picture(pixels, alpha, None), (slice(1, 3), slice(2, 6)))
    assert seen.tolist() == [[[255] * 3, [216] * 3, [60] * 3, [60] * 3]] * 2  # 0.2 * 60 + 0.8 * 255
    deep = seen_part(Picture(pixels.astype(np.uint16) * 257, None, None), (slice(0, 1), slice(0, 1)))
    assert deep.dtype == np.uint8 and deep.tolist() == [[[60] * 3]]


def test_levels_are_a_line_between_two_ends() -> None:
    alpha = np.array([0.0, 0.1, 0.3, 0.5, 0.9, 1.0])
    out = levelled(alpha, Contract(longest_px=64, levels=(0.1, 0.5)))
    np.testing.assert_allclose(out, [0, 0, 0.5, 1, 1, 1], atol=1e-7)
    assert out.dtype == np.float32
