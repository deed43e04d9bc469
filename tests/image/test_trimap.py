"""Bands by hand on small arrays, and a sentence for each trimap that cannot be used."""

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.image.trimap import check, check_size, from_alpha, from_glance, from_grey, from_mask, from_scribbles

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


def test_only_black_and_white_of_a_grey_picture_are_known():
    assert from_grey(np.array([[0, 1, 127, 128, 254, 255]], np.uint8)).tolist() == [[B, U, U, U, U, F]]
    assert from_grey(np.array([[0, 1, 65534, 65535]], np.uint16)).tolist() == [[B, U, U, F]]
    assert from_grey(np.array([[0, 3, 4, 251, 252, 255]], np.uint8), slack=3).tolist() == [[B, B, U, U, F, F]]
    with pytest.raises(InputError, match="8 or 16 bits"):
        from_grey(np.zeros((2, 2), np.float32))


def test_scribbles_are_known_and_crossings_are_not():
    subject = np.array([[1, 1, 0, 0, 0]], bool)
    background = np.array([[0, 1, 0, 1, 1]], bool)
    assert from_scribbles(subject, background).tolist() == [[F, U, U, B, B]]
    assert from_scribbles(subject * np.uint8(255), background * np.uint8(200)).tolist() == [[F, U, U, B, B]]


def test_scribbles_of_one_kind_are_refused():
    drawn, empty = np.ones((2, 3), bool), np.zeros((2, 3), bool)
    with pytest.raises(InputError, match="no stroke marks the subject"):
        from_scribbles(empty, drawn)
    with pytest.raises(InputError, match="no stroke marks the background"):
        from_scribbles(drawn, empty)
    with pytest.raises(InputError, match="one size"):
        from_scribbles(drawn, drawn[:1])


def glance(classes):
    return np.eye(3, dtype=np.float32)[np.array(classes)].transpose(2, 0, 1)


def test_a_glance_keeps_its_classes_at_its_own_size():
    assert from_glance(glance([[0, 0, 1, 2]]), (1, 4)).tolist() == [[B, B, U, F]]
    assert from_glance(glance([[0, 0, 0, 1, 2, 2, 2]]), (1, 7), radius_px=1).tolist() == [[B, B, U, U, U, F, F]]


def test_a_glance_drawn_larger_is_known_only_where_all_around_agree():
    trimap = from_glance(glance([[0, 0, 2, 2]]), (2, 16))
    # two classes side by side, four pixels each: what lies between their centres is unknown
    assert trimap.tolist() == [[B] * 6 + [U] * 4 + [F] * 6] * 2
    doubt = from_glance(glance([[0, 0, 0], [0, 1, 0], [0, 0, 0]]), (24, 24))
    assert (doubt[8:16, 8:16] == U).all() and (doubt[:4] == B).all() and F not in doubt


def test_a_glance_drawn_smaller_loses_no_unknown_pixel():
    classes = np.zeros((64, 64), int)
    classes[:, 32:] = 2
    classes[:, 31:33] = 1
    small = from_glance(glance(classes), (16, 16))
    assert (small == U).any(axis=1).all() and small[0, 0] == B and small[0, -1] == F


@pytest.mark.parametrize("scores", [np.zeros((2, 4, 4)), np.zeros((4, 4)), np.full((3, 4, 4), np.nan)])
def test_scores_that_are_no_glance_are_refused(scores):
    with pytest.raises(InputError, match="glance scores"):
        from_glance(scores.astype(np.float32), (8, 8))


def test_check_size_names_both_sizes():
    check_size(np.zeros((2, 3), np.uint8), (2, 3))
    with pytest.raises(InputError, match="trimap is 3 x 2 px and the photo 2 x 3"):
        check_size(np.zeros((2, 3), np.uint8), (3, 2))


@pytest.mark.parametrize(
    ("trimap", "words"),
    [
        ([[F, B, B, F]], "no unknown part"),
        ([[B, B, B, B]], "no unknown part"),
        ([[U, U, U, U]], "knows nothing"),
        ([[F, B, U, 127]], "1 pixels that are not"),
    ],
)
def test_check_refuses_what_leaves_nothing_to_do_or_nothing_to_go_by(trimap, words):
    with pytest.raises(InputError, match=words):
        check(np.array(trimap, np.uint8))


def test_check_accepts_all_three_and_says_which_side_is_missing():
    assert check(np.array([[F, B, U]], np.uint8)) == ()
    assert check(np.array([[B, U]], np.uint8)) == ("The trimap has no known subject (255).",)
    assert check(np.array([[U, F]], np.uint8)) == ("The trimap has no known background (0).",)
    with pytest.raises(InputError, match="uint8"):
        check(np.array([[F, B, U]]))


def test_bad_numbers_are_refused():
    with pytest.raises(InputError, match="thresholds"):
        from_alpha(np.zeros((2, 2), np.float32), 0.9, 0.1, 0)
    with pytest.raises(InputError, match="radius"):
        from_mask(np.zeros((2, 2), bool), -1)
