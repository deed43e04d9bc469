"""MatteFormer's inputs and its way back, without its network."""

from pathlib import Path

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.runtime.prepare_matteformer import (
    INPUTS,
    merge,
    one_hot,
    published_alpha,
    published_input,
    published_size,
)

OPS = np.load(Path(__file__).parent.parent / "parity" / "matteformer-ops.npz")


def test_inputs_equal_the_released_code() -> None:
    given = published_input(OPS["prep_rgb_u8"], OPS["prep_trimap_u8"])
    assert tuple(given) == INPUTS and all(x.dtype == np.float32 for x in given.values())
    np.testing.assert_allclose(given["image"], OPS["prep_image"], rtol=0, atol=1e-5)
    np.testing.assert_array_equal(given["trimap"], OPS["prep_trimap_onehot"])


def test_the_answer_is_cropped_to_the_picture() -> None:
    trimap = OPS["prep_trimap_u8"]
    hw = published_size(trimap.shape)
    alpha = np.arange(hw[0] * hw[1], dtype=np.float32).reshape(1, 1, *hw)
    found = published_alpha({"alpha": alpha}, np.full_like(trimap, 128))
    assert found.shape == tuple(OPS["prep_alpha_shape"])
    np.testing.assert_array_equal(found, alpha[0, 0, 32 : 32 + 50, 32 : 32 + 76])


@pytest.mark.parametrize(
    ("hw", "expected"), [((32, 64), (96, 128)), ((33, 1), (128, 96)), ((1080, 1920), (1152, 1984))]
)
def test_sizes(hw: tuple[int, int], expected: tuple[int, int]) -> None:
    assert published_size(hw) == expected


def test_a_picture_smaller_than_its_border_is_mirrored_again_and_again() -> None:
    given = published_input(np.arange(60, dtype=np.uint8).reshape(4, 5, 3), np.zeros((4, 5), np.uint8))
    row = given["image"][0, 0, 40]
    assert given["image"].shape == (1, 3, 96, 96) and np.isfinite(row).all()
    np.testing.assert_array_equal(row[32 - 8 : 32 + 5 + 3], row[32 : 32 + 16])  # a period of 8 columns


def plane(array: np.ndarray) -> np.ndarray:
    return array / np.float32(255) if array.dtype == np.uint8 else array


@pytest.mark.parametrize("case", ["a", "b", "c"])
def test_merging_equals_the_released_code(case: str) -> None:
    os8, os4, os1 = (plane(OPS[f"refine_{case}_{head}"]) for head in ("os8", "os4", "os1"))
    expected = plane(OPS[f"refine_{case}_alpha_u8" if case == "c" else f"refine_{case}_alpha"])
    np.testing.assert_allclose(merge(os8, os4, os1), expected, rtol=0, atol=1e-6)


def test_known_pixels_are_put_back_as_released() -> None:
    heads = {f"alpha_os{s}": np.pad(OPS[f"refine_a_os{s}"], 32)[None, None] for s in (8, 4, 1)}
    merged = np.pad(OPS["refine_a_alpha"], 32)[None, None]
    final = published_alpha(heads | {"alpha": merged}, OPS["refine_a_trimap"])
    np.testing.assert_array_equal((final * 255).astype(np.uint8), OPS["refine_a_final_u8"])
    alone = published_alpha(heads, OPS["refine_a_trimap"])  # the border grows with the padded size, so merged otherwise
    known = one_hot(OPS["refine_a_trimap"])
    assert (alone[known[0] == 1] == 0).all() and (alone[known[2] == 1] == 1).all()


def test_greys_of_a_trimap() -> None:
    expected = [[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]]
    np.testing.assert_array_equal(one_hot(np.array([[0, 84, 85, 169, 170, 255]], np.uint8))[:, 0], expected)


def test_other_pictures_are_refused() -> None:
    with pytest.raises(InputError, match=r"expected uint8 of the same size"):
        published_input(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.uint8))
    with pytest.raises(InputError, match="expected \\(H, W, 3\\) uint8"):
        published_input(np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8))
