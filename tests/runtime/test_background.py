"""What lies behind: colours, files, pictures, blur; in the photo's depth and colour space."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from mattelier.errors import InputError
from mattelier.runtime import background

PIXELS = np.zeros((20, 30, 3), np.uint8)
ALPHA = np.zeros((20, 30), np.float32)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """sRGB with its red and green exchanged: a profile in which every colour has other numbers."""
    profile = bytearray(SRGB)
    count = int.from_bytes(SRGB[128:132])
    places = {SRGB[i : i + 4]: i for i in range(132, 132 + 12 * count, 12)}
    red, green = places[b"rXYZ"], places[b"gXYZ"]
    profile[red + 4 : red + 12], profile[green + 4 : green + 12] = (
        SRGB[green + 4 : green + 12],
        SRGB[red + 4 : red + 12],
    )
    return bytes(profile)


@pytest.mark.parametrize(
    ("text", "rgb"),
    [("white", [255, 255, 255]), ("#f00", [255, 0, 0]), ("#00ff7f", [0, 255, 127]), ("rgb(1, 2, 3)", [1, 2, 3])],
)
def test_a_colour_is_one_triple(text: str, rgb: list[int]) -> None:
    assert background.render(text, PIXELS, ALPHA, None).tolist() == rgb
    assert background.render(text, PIXELS, ALPHA, SRGB).tolist() == rgb
    deep = background.render(text, PIXELS.astype(np.uint16), ALPHA, None)
    assert deep.dtype == np.uint16
    assert deep.tolist() == [257 * value for value in rgb]


def test_a_colour_is_brought_into_the_photos_space() -> None:
    swapped = background.render("#ff0000", PIXELS, ALPHA, swapped_profile()).astype(int)
    assert swapped[1] > 250
    assert swapped[0] < 5


def test_a_picture_covers_the_photo(tmp_path: Path) -> None:
    Image.new("RGB", (100, 100), (9, 8, 7)).save(tmp_path / "wall.png")
    for source in (str(tmp_path / "wall.png"), tmp_path / "wall.png", Image.open(tmp_path / "wall.png")):
        behind = background.render(source, PIXELS, ALPHA, None)
        assert behind.shape == (20, 30, 3)
        assert (behind == (9, 8, 7)).all()


def test_a_transparent_picture_lies_on_white() -> None:
    behind = background.render(Image.new("RGBA", (30, 20), (0, 0, 0, 0)), PIXELS, ALPHA, None)
    assert (behind == 255).all()


def test_blur_keeps_an_even_background_and_softens_an_edge() -> None:
    even = np.full((40, 40, 3), 90, np.uint8)
    clear = np.zeros((40, 40), np.float32)
    assert (background.render("blur:5", even, clear, None) == 90).all()
    edge = even.copy()
    edge[:, 20:] = 200
    assert 90 < background.render("blur", edge, clear, None)[20, 20, 0] < 200
    assert np.array_equal(background.render("blur:0", edge, clear, None), edge)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("whit", "neither a colour nor a file"),
        ("nowhere.jpg", "neither a colour nor a file"),
        ("blur:", "no usable radius"),
        ("blur:-3", "no usable radius"),
        ("blur:1e9", "no usable radius"),
        ("#ffffff80", "not opaque"),
    ],
)
def test_other_words_are_refused_before_and_while_rendering(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        background.check(text)
    with pytest.raises(InputError, match=says):
        background.render(text, PIXELS, ALPHA, None)


def test_a_colour_wins_over_a_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    (tmp_path / "white").write_bytes(buffer.getvalue())
    assert background.render("white", PIXELS, ALPHA, None).tolist() == [255, 255, 255]
    assert (background.render("./white", PIXELS, ALPHA, None) == 0).all()
