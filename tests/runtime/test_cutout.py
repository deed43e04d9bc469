"""What a cut-out gives and writes: the photo's own samples where alpha is 1, and nothing over its input."""

import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from mattelier.errors import InputError
from mattelier.image.io import decode
from mattelier.runtime.cutout import Cutout

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def cutout(dtype: type = np.uint8, profile: bytes | None = None, source: Path | None = None) -> Cutout:
    """A noisy square: out on the left, half at columns 16 to 23, in on the right."""
    high = np.iinfo(dtype).max
    pixels = np.random.default_rng(0).integers(1, high, (32, 48, 3), dtype=dtype)
    alpha = np.zeros((32, 48), np.float32)
    alpha[:, 16:24] = 0.5
    alpha[:, 24:] = 1
    return Cutout(alpha=alpha, pixels=pixels, profile=profile, model="m@0", source=source)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_change_in_the_band_only(dtype: type) -> None:
    cut = cutout(dtype)
    certain = cut.alpha != 0.5
    assert cut.colours.dtype == dtype
    assert np.array_equal(cut.colours[certain], cut.pixels[certain])
    assert not np.array_equal(cut.colours, cut.pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_foreground_is_those_colours_as_floats_and_holds_no_background(dtype: type) -> None:
    cut = cutout(dtype)
    assert cut.foreground.dtype == np.float32
    seen, half_step = cut.alpha > 0, 0.51 / np.iinfo(dtype).max
    np.testing.assert_allclose(cut.foreground[seen], cut.colours[seen] / np.iinfo(dtype).max, atol=half_step)
    assert not np.allclose(cut.foreground[~seen], cut.pixels[~seen] / np.iinfo(dtype).max, atol=0.1)
    assert cut.foreground is cut.foreground  # made once


def test_the_foreground_file_keeps_the_certain_samples(tmp_path: Path) -> None:
    cut = cutout(np.uint16)
    back = decode(cut.save(tmp_path / "x.png", keep="foreground"))
    assert back.alpha is None
    assert np.array_equal(back.pixels[:, 24:], cut.pixels[:, 24:])


def test_colours_are_left_alone_where_that_was_asked_for() -> None:
    cut = cutout()
    draft = Cutout(alpha=cut.alpha, pixels=cut.pixels, profile=None, model="m@0", clean_colours=False)
    assert draft.colours is cut.pixels
    np.testing.assert_allclose(draft.foreground, cut.pixels / 255.0, atol=1e-6)


def test_the_trimap_is_the_three_classes_of_alpha() -> None:
    trimap = cutout().trimap
    assert trimap.dtype == np.uint8
    assert trimap[0, [0, 20, 40]].tolist() == [0, 128, 255]


def test_image_is_rgba_with_nothing_hidden_under_transparency() -> None:
    cut = cutout(profile=PROFILE)
    picture = cut.image()
    assert picture.mode == "RGBA"
    assert picture.info["icc_profile"] == PROFILE
    rgba = np.asarray(picture)
    assert (rgba[:, :16] == 0).all()
    assert (rgba[:, 16:24, 3] == 128).all()
    assert np.array_equal(rgba[:, 24:, :3], cut.pixels[:, 24:])


def test_over_a_colour() -> None:
    cut = cutout()
    picture = cut.over("#0000ff")
    assert picture.mode == "RGB"
    rgb = np.asarray(picture)
    assert (rgb[:, :16] == (0, 0, 255)).all()
    assert np.array_equal(rgb[:, 24:], cut.pixels[:, 24:])
    half = 0.5 * cut.colours[:, 16:24].astype(float) + 0.5 * np.array([0, 0, 255])
    assert np.abs(rgb[:, 16:24] - half).max() <= 0.5


def test_over_takes_pictures_and_blur() -> None:
    cut = cutout(np.uint16)
    assert (np.asarray(cut.over(Image.new("RGB", (5, 5), (1, 2, 3))))[:, :16] == (1, 2, 3)).all()
    assert cut.over("blur:3").mode == "RGB"


@pytest.mark.parametrize(("suffix", "dtype"), [(".png", np.uint8), (".png", np.uint16), (".tif", np.uint16)])
def test_save_keeps_depth_profile_and_samples(suffix: str, dtype: type, tmp_path: Path) -> None:
    cut = cutout(dtype, PROFILE)
    assert cut.save(tmp_path / f"x{suffix}") == tmp_path / f"x{suffix}"
    back = decode(tmp_path / f"x{suffix}")
    assert back.pixels.dtype == dtype
    assert back.profile == PROFILE
    assert np.array_equal(back.pixels[:, 24:], cut.pixels[:, 24:])
    assert back.alpha is not None
    assert set(np.unique(back.alpha)) == {0, (np.iinfo(dtype).max + 1) // 2, np.iinfo(dtype).max}


def test_eight_bits_grow_to_sixteen_with_alpha_from_its_floats(tmp_path: Path) -> None:
    cutout().save(tmp_path / "x.png", bits=16)
    alpha = decode(tmp_path / "x.png").alpha
    assert alpha is not None
    assert 32768 in np.unique(alpha)  # from 8 bits it would be 128 * 257


@pytest.mark.parametrize(("keep", "mode"), [("alpha", "L"), ("trimap", "L"), ("foreground", "RGB"), ("rgba", "RGBA")])
def test_keep_writes_one_part(keep: str, mode: str) -> None:
    data = cutout(profile=PROFILE).encoded("png", keep=keep)  # type: ignore[arg-type]
    picture = Image.open(io.BytesIO(data))
    assert picture.mode == mode
    assert ("icc_profile" in picture.info) == (mode != "L")


def test_a_background_makes_it_opaque() -> None:
    data = cutout().encoded("png", background="white")
    assert Image.open(io.BytesIO(data)).mode == "RGB"


def test_stages_made_later_are_timed_too() -> None:
    cut = cutout()
    assert cut.seconds == {}
    cut.encoded("png")
    assert {"colours", "encode"} <= set(cut.seconds)


@pytest.mark.parametrize(
    ("format", "options", "says"),
    [
        ("jpg", {}, "JPEG holds no transparency"),
        ("webp", {"bits": 16}, "webp holds 8 bits"),
        ("png", {"keep": "alpha", "background": "white"}, "exclude each other"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(format: str, options: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        cutout().encoded(format, **options)  # type: ignore[arg-type]


def test_sixteen_bits_are_cut_to_eight_only_when_asked() -> None:
    with pytest.raises(InputError, match="16 bits a sample; webp holds 8; pass --format png or tiff, or --bits 8"):
        cutout(np.uint16).encoded("webp")
    assert Image.open(io.BytesIO(cutout(np.uint16).encoded("webp", bits=8))).mode == "RGBA"


def test_an_unknown_ending_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    for name in ("x.psd", "x"):
        with pytest.raises(InputError, match=r"expected one of \.png"):
            cutout().save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
    assert cutout().save(tmp_path / "x", format="png").is_file()


def test_the_photo_is_never_overwritten(tmp_path: Path) -> None:
    photo = tmp_path / "cat.png"
    photo.write_bytes(b"the photo")
    (tmp_path / "link.png").symlink_to(photo)
    os.link(photo, tmp_path / "second.png")
    for name in ("cat.png", "link.png", "second.png"):
        with pytest.raises(InputError, match="never replaces its input"):
            cutout(source=photo).save(tmp_path / name, overwrite=True)
    assert photo.read_bytes() == b"the photo"


def test_an_older_file_stays_when_asked(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"older")
    with pytest.raises(InputError, match="exists already"):
        cutout().save(tmp_path / "x.png", overwrite=False)
    assert (tmp_path / "x.png").read_bytes() == b"older"
    cutout().save(tmp_path / "x.png")
    assert decode(tmp_path / "x.png").alpha is not None


def found(dtype: type = np.uint8) -> Cutout:
    """A cut-out with colours that a network has found: 7 in the band."""
    plain = cutout(dtype)
    subject = plain.pixels.copy()
    subject[:, 16:24] = 7
    known = np.zeros((32, 48), np.uint8)
    known[:, 12:28], known[:, 28:] = 128, 255
    return replace(plain, subject=subject, known=known)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_that_a_network_found_are_used(dtype: type) -> None:
    cut = found(dtype)
    assert cut.colours is cut.subject
    high = np.iinfo(dtype).max
    np.testing.assert_allclose(cut.foreground[:, 16:], cut.colours[:, 16:] / high, atol=1e-6)
    # beyond the edge they go on smoothly: what is there is not the photo's noise
    assert np.abs(np.diff(cut.foreground[:, :16], axis=1)).mean() < 0.1
    assert np.array_equal(cut.trimap, cut.known)


def test_a_part_is_the_part_of_the_whole() -> None:
    rows, columns = slice(4, 20), slice(10, 40)
    for cut in (cutout(), found(), replace(cutout(), matte=np.sqrt(cutout().alpha))):
        part = cut.part(rows, columns)
        for name in ("alpha", "pixels", "colours", "trimap"):
            assert np.array_equal(getattr(part, name), getattr(cut, name)[rows, columns]), name
        seen = part.alpha > 0
        np.testing.assert_allclose(part.foreground[seen], cut.foreground[rows, columns][seen], atol=0.51 / 255)
        np.testing.assert_array_equal(part.image(), np.asarray(cut.image())[rows, columns])
    draft = replace(cutout(), clean_colours=False).part(rows, columns)
    assert np.array_equal(draft.colours, draft.pixels)
