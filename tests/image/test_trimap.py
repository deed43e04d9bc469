"""Bands by hand on small arrays, and a sentence for each trimap that cannot be used."""

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.image.trimap import check, from_alpha, from_mask

B, U, F = 0, 128, 255


def test_from_alpha_by_hand():
    alpha = np.array([[0, 0, 0, 0.5, 1, 1, 1]], np.float32)
    assert from_alpha(alpha, 0.02, 0.98, 0).tolist() == [[B, B, B, U, F, F, F]]
    assert from_alpha(alpha, 0.02, 0.98, 1).tolist() == [[B, B, U, U, U, F, F]]


def test_thresholds_decide_what_is_known():
    alpha = np.array([[0.02, 0.03, 0.97, 0.98]], np.float32)
    assert from_alpha(alpha, 0.02, 0.98, 0).tolist() == [[B, U, U, F]]
    assert from_alpha(alpha, 0.05, 0.95, 0).tolist() == [[B, B, F, F]]


def test_from_mask_is_as_wide_on_both_sides():
    mask = np.array([[0, 0, 0, 0, 255, 255, 255, 255]], np.uint8)
    expected = [[B, B, U, U, U, U, F, F]]
    assert from_mask(mask, 2).tolist() == expected
    assert from_mask(mask > 0, 2).tolist() == expected


def test_a_thin_subject_becomes_unknown():
    mask = np.zeros((9, 9), bool)
    mask[4] = True
    assert set(np.unique(from_mask(mask, 1))) == {B, U}


@pytest.mark.parametrize(
    ("trimap", "words"),
    [
        ([[B, U, U, B]], "no known subject"),
        ([[F, U, U, F]], "no known background"),
        ([[F, B, B, F]], "no unknown part"),
        ([[F, B, U, 127]], "1 pixels that are not"),
    ],
)
def test_check_says_what_is_missing(trimap, words):
    with pytest.raises(InputError, match=words):
        check(np.array(trimap, np.uint8))


def test_check_accepts_all_three():
    check(np.array([[F, B, U]], np.uint8))
    with pytest.raises(InputError, match="uint8"):
        check(np.array([[F, B, U]]))


def test_bad_numbers_are_refused():
    with pytest.raises(InputError, match="thresholds"):
        from_alpha(np.zeros((2, 2), np.float32), 0.9, 0.1, 0)
    with pytest.raises(InputError, match="radius"):
        from_mask(np.zeros((2, 2), bool), -1)
