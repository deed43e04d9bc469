"""What a user tells beside the photo: read, or refused with one sentence."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.errors import InputError
from mattelier.image.io import Limits
from mattelier.models.cards import Card
from mattelier.runtime.hints import check_hints, read_trimap

MARKS = np.array([[0, 0, 128, 255]] * 3, np.uint8)


def test_path_bytes_picture_and_array_give_the_same(tmp_path: Path) -> None:
    file = tmp_path / "x.png"
    Image.fromarray(MARKS).save(file)
    floats = np.array([[0, 0, 0.5, 1]] * 3, np.float32)
    for source in (file, str(file), file.read_bytes(), Image.open(file), MARKS, floats, MARKS.astype(np.uint16) * 257):
        trimap, notes = read_trimap(source, (3, 4), Limits())
        assert trimap.tolist() == MARKS.tolist() and trimap.dtype == np.uint8 and notes == ()


def test_values_near_black_and_white_count_as_these_all_others_are_unknown() -> None:
    trimap, _ = read_trimap(np.array([[0, 16, 17, 64, 127, 129, 200, 238, 239, 255]], np.uint8), (1, 10), Limits())
    assert trimap.tolist() == [[0, 0, 128, 128, 128, 128, 128, 128, 255, 255]]


def test_a_trimap_saved_as_jpeg_keeps_its_known_parts() -> None:
    large, file = MARKS.repeat(16, 0).repeat(16, 1), io.BytesIO()
    Image.fromarray(large).save(file, "JPEG", quality=75)
    trimap, _ = read_trimap(file.getvalue(), (48, 64), Limits())
    assert (trimap != large).mean() < 0.02


@pytest.mark.parametrize(
    ("marks", "says"),
    [
        (MARKS[:, :3], "the trimap is 3 x 3 px and the photo 4 x 3; expected one size"),
        (np.zeros((3, 4), np.uint8), "no unknown part"),
        (np.full((3, 4), 255, np.uint8), "no unknown part"),
        (np.array([[0, 0, 255, 255]] * 3, np.uint8), "no unknown part"),
        (np.array([[False, True, True, True]] * 3), "no unknown part"),
        (np.full((3, 4), 128, np.uint8), "the trimap knows nothing"),
        (np.zeros((3, 4), np.int64), "the trimap cannot be read: the array holds int64"),
        (b"", "the trimap cannot be read: .* empty"),
        (b"text", "the trimap cannot be read"),
        ("gone.png", "the trimap cannot be read: .*gone.png"),
        (7, "the trimap cannot be read"),
    ],
)
def test_a_trimap_that_cannot_be_used_is_one_sentence(marks: object, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read_trimap(marks, (3, 4), Limits())  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_one_side_missing_is_allowed_and_said() -> None:
    """Nothing of a net or of smoke may be surely subject."""
    assert read_trimap(np.minimum(MARKS, 128), (3, 4), Limits())[1] == ("The trimap has no known subject (255).",)
    assert read_trimap(np.maximum(MARKS, 128), (3, 4), Limits())[1] == ("The trimap has no known background (0).",)


def test_hints_must_fit_the_card(bright: tuple[Card, Path], told: tuple[Card, Path]) -> None:
    check_hints(bright[0], None, None, "draft")
    check_hints(told[0], MARKS, None, "standard")
    with pytest.raises(InputError, match=r"no trimap was given; fba-told.test needs one: .*; pass --trimap FILE"):
        check_hints(told[0], None, None, "standard")
    with pytest.raises(InputError, match="leave --trimap away"):
        check_hints(bright[0], MARKS, None, "standard")
    with pytest.raises(InputError, match="leave --prompt away"):
        check_hints(told[0], MARKS, "the dog", "standard")
    with pytest.raises(InputError, match="pass --quality standard"):
        check_hints(told[0], MARKS, None, "fine")
    words = replace(bright[0], contract=replace(bright[0].contract, inputs=("image", "tokens")))
    check_hints(words, None, "the dog", "standard")
    with pytest.raises(
        InputError, match=r"no prompt was given; modnet-bright.test keeps what words say; pass --prompt"
    ):
        check_hints(words, None, None, "standard")
    with pytest.raises(InputError, match="finds the subject from words; leave --trimap away"):
        check_hints(words, MARKS, "the dog", "standard")
