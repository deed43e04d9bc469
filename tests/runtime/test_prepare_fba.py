"""FBA's inputs and its way back, without its network."""

from pathlib import Path

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.runtime.prepare_fba import (
    INPUTS,
    published_input,
    published_layers,
    published_size,
    tile_input,
    tile_layers,
)

PARITY = Path(__file__).parent.parent / "parity"
OPS, FIXTURE = np.load(PARITY / "fba_ops.npz"), np.load(PARITY / "fba.npz")


def test_size_rule_of_the_released_code() -> None:
    for hw, expected in zip(OPS["scale_in_hw"].tolist(), OPS["scale_out_hw"].tolist(), strict=True):
        assert published_size(tuple(hw)) == tuple(expected)


WHOLE = {"image": "in_image", "two_chan_trimap": "in_two_chan_trimap", "trimap_transformed": "in_trimap_transformed"}
ODD = {
    "image": "odd_scaled_image",
    "two_chan_trimap": "odd_scaled_trimap",
    "trimap_transformed": "odd_trimap_transformed",
}


@pytest.mark.parametrize(("case", "arrays"), [("", WHOLE), ("odd_", ODD)])
def test_inputs_equal_the_released_code(case: str, arrays: dict[str, str]) -> None:
    given = published_input(FIXTURE[f"{case}image_rgb"], FIXTURE[f"{case}trimap"])
    assert tuple(given) == INPUTS and all(x.dtype == np.float32 for x in given.values())
    for name, key in arrays.items():
        expected = FIXTURE[key]
        if expected.shape[-1] in (2, 3):
            expected = expected.transpose(2, 0, 1)
        np.testing.assert_allclose(given[name].squeeze(0), expected.reshape(given[name].shape[1:]), rtol=0, atol=1e-5)
    centred = (given["image"][0, 1] - 0.456) / 0.224
    np.testing.assert_allclose(given["image_n"][0, 1], centred, rtol=0, atol=1e-5)


def answer(alpha: float, hw: tuple[int, int]) -> dict[str, np.ndarray]:
    return {
        "alpha": np.full((1, 1, *hw), alpha, np.float32),
        "foreground": np.full((1, 3, *hw), 0.25, np.float32),
        "background": np.full((1, 3, *hw), 0.75, np.float32),
    }


def test_what_is_known_is_put_back() -> None:
    rgb = np.full((3, 5, 3), 51, np.uint8)  # 0.2
    trimap = np.array([[0, 128, 128, 128, 255]] * 3, np.uint8)
    layers = published_layers(answer(0.5, (8, 8)), rgb, trimap)
    np.testing.assert_allclose(layers.alpha[0], [0, 0.5, 0.5, 0.5, 1])
    np.testing.assert_allclose(layers.foreground[0, :, 0], [0.25, 0.25, 0.25, 0.25, 0.2])
    np.testing.assert_allclose(layers.background[0, :, 0], [0.2, 0.75, 0.75, 0.75, 0.75])


def test_where_the_network_clamps_the_picture_is_kept_too() -> None:
    rgb, trimap = np.full((3, 5, 3), 51, np.uint8), np.full((3, 5), 128, np.uint8)
    np.testing.assert_allclose(published_layers(answer(1.0, (8, 8)), rgb, trimap).foreground, 0.2)
    np.testing.assert_allclose(published_layers(answer(0.0, (8, 8)), rgb, trimap).background, 0.2)


def test_sizes_that_differ_are_refused() -> None:
    with pytest.raises(InputError, match=r"trimap is 5 x 4 px and the picture 4 x 4"):
        published_input(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.uint8))
    with pytest.raises(InputError, match="expected \\(H, W, 3\\) uint8"):
        published_input(np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8))


def test_a_tile_of_a_fitting_size_is_given_what_the_whole_picture_would_be() -> None:
    rgb, trimap = FIXTURE["image_rgb"], FIXTURE["trimap"]
    whole = published_input(rgb, trimap)
    everything = (slice(0, rgb.shape[0]), slice(0, rgb.shape[1]))
    for name, plane in tile_input(rgb, trimap, everything).items():
        np.testing.assert_allclose(plane, whole[name], atol=1e-6)
    inner = (slice(8, 40), slice(16, 56))
    for name, plane in tile_input(rgb[inner], trimap, inner).items():
        np.testing.assert_allclose(plane[0], whole[name][0][:, *inner], atol=1e-6)


def test_a_tile_that_does_not_fit_is_padded_and_never_resampled() -> None:
    rgb = np.arange(5 * 11 * 3, dtype=np.uint8).reshape(5, 11, 3)
    trimap = np.array([[0] * 4 + [128] * 4 + [255] * 3] * 5, np.uint8)
    given = tile_input(rgb, trimap, (slice(0, 5), slice(0, 11)))
    assert given["image"].shape == (1, 3, 8, 16)
    np.testing.assert_allclose(given["image"][0, :, :5, :11], rgb.transpose(2, 0, 1) / 255, atol=1e-7)
    np.testing.assert_allclose(given["image"][0, :, 7, 15], rgb[4, 10] / 255, atol=1e-7)
    assert given["two_chan_trimap"][0, :, 7, 15].tolist() == [0, 1]
    assert given["trimap_transformed"][0, 3, 7].tolist()[10:] == [1] * 6
    layers = tile_layers(answer(0.5, (8, 16)), rgb, trimap)
    assert layers.alpha.shape == (5, 11) and layers.foreground.shape == (5, 11, 3)
    np.testing.assert_allclose(layers.alpha[0], [0] * 4 + [0.5] * 4 + [1] * 3)
