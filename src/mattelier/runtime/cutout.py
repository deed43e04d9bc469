"""The result: an alpha beside the photo's own samples; everything else is made when it is asked for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.colour import to_depth
from mattelier.image.composite import over
from mattelier.image.foreground import decontaminate, estimate
from mattelier.image.io import FORMATS, encode, write
from mattelier.image.output import is_same_file
from mattelier.image.trimap import from_alpha
from mattelier.runtime.background import Background, render
from mattelier.runtime.options import Bits, Format, Keep

if TYPE_CHECKING:
    from PIL import Image

DEEP_FORMATS = ("png", "tiff")  # the ones that hold 16 bits


@dataclass(frozen=True, eq=False)
class Cutout:
    """A photo with its subject's alpha.

    alpha: (H, W) float32 [0, 1], the photo's size; the file's own alpha, if it has one, is multiplied in.
    pixels: (H, W, 3) uint8 or uint16, the photo's own samples.  profile: the ICC profile of `pixels`, or None (sRGB).
    model: card and digest of the weights, NAME@DIGEST, of two networks NAME@DIGEST + NAME@DIGEST.
    seconds: stage -> seconds; stages made later join when made.
    notes: sentences about the file that a user should see.  source: the file that was read, never overwritten.
    matte: alpha before the file's own was multiplied in, where colours are mixed; None when it is the same.
    subject: (H, W, 3), as `pixels`, with colours that a network found where 0 < alpha < 1; None: they are estimated.
    known: (H, W) uint8 {0, 128, 255}, the trimap that alpha was found with; None: without one.
    """

    alpha: Float
    pixels: Array
    profile: bytes | None
    model: str
    seconds: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    source: Path | None = None
    matte: Float | None = None
    clean_colours: bool = True
    subject: Array | None = None
    known: Array | None = None

    @cached_property
    def colours(self) -> Array:
        """(H, W, 3), dtype of the photo: its own samples, with the old background taken out where 0 < alpha < 1."""
        if not self.clean_colours:
            return self.pixels
        if self.subject is not None:
            return self.subject
        with timed(self.seconds, "colours"):
            return decontaminate(self.pixels, self._mixed)

    @cached_property
    def foreground(self) -> Float:
        """(H, W, 3) float32 [0, 1], the photo's colour space, encoded, straight; the subject's colours everywhere.

        As `colours` where alpha is above 0, and a smooth continuation of them where it is 0.
        """
        if not self.clean_colours:
            return to_depth(self.pixels, np.float32)
        with timed(self.seconds, "foreground"):
            if self.subject is not None:  # found already: only their continuation is wanted
                return estimate(self.subject, (self._mixed > 0).astype(np.float32))
            return estimate(self.pixels, self._mixed)

    @cached_property
    def trimap(self) -> Array:
        """(H, W) uint8: the one that alpha was found with; else 0 where alpha is 0, 255 where it is 1, 128 between."""
        return self.known if self.known is not None else from_alpha(self.alpha, low=0, high=1)

    @property
    def _mixed(self) -> Float:
        """Where the photo's samples mix subject and background; the file's own alpha mixes nothing into them."""
        return self.alpha if self.matte is None else self.matte

    def part(self, rows: slice, columns: slice) -> "Cutout":
        """The cut-out of a part of the photo, its colours as they are in the whole."""
        area = (rows, columns)
        matte, known = (None if plane is None else plane[area] for plane in (self.matte, self.known))
        # edge colours come from all that is around them, so they are made before anything is cut away
        subject = self.colours[area] if self.clean_colours else None
        return replace(
            self, alpha=self.alpha[area], pixels=self.pixels[area], matte=matte, subject=subject, known=known
        )

    def image(self) -> "Image.Image":
        """The cut-out as a Pillow image, RGBA, 8 bit, with the photo's ICC profile."""
        from PIL import Image

        alpha = to_depth(self.alpha, np.uint8)
        rgb = to_depth(self.colours, np.uint8) * (alpha > 0)[..., None]
        picture = Image.fromarray(np.dstack((rgb, alpha)))
        return _tagged(picture, self.profile)

    def over(self, background: Background) -> "Image.Image":
        """The subject over something else, as a Pillow image, RGB, 8 bit, with the photo's ICC profile.

        background: a colour as in CSS ("white", "#fff"), "blur", "blur:20" (px), a picture or its path.
        Raises InputError when it is none of these.
        """
        from PIL import Image

        return _tagged(Image.fromarray(to_depth(self._composed(background), np.uint8)), self.profile)

    def save(
        self,
        path: str | PathLike[str],
        *,
        keep: Keep = "rgba",
        background: Background | None = None,
        format: Format | None = None,
        bits: Bits | None = None,
        overwrite: bool = True,
    ) -> Path:
        """Write the cut-out, whole or not at all, and return the path.

        format: None takes it from the path's ending.  The other options are those of `encoded`.
        Raises InputError when the path is the photo itself, or is there already and `overwrite` is False.
        """
        path = Path(path)
        self._refuse_source(path)
        write(path, self.encoded(format or format_of(path), keep=keep, background=background, bits=bits), overwrite)
        return path

    def encoded(
        self, format: Format, *, keep: Keep = "rgba", background: Background | None = None, bits: Bits | None = None
    ) -> bytes:
        """The cut-out as the bytes of a file.

        keep: the cut-out, or one part of it.  background: as for `over`; then there is no transparency.
        bits: a sample; None keeps the photo's own 8 or 16.
        Raises InputError for options that exclude each other and for what a format cannot hold.
        """
        check_output(format, keep, background is not None, bits)
        if self.pixels.dtype == np.uint16 and bits is None and format not in DEEP_FORMATS and keep != "trimap":
            raise InputError(
                f"the photo has 16 bits a sample; {format} holds 8; pass --format png or tiff, or --bits 8"
            )
        dtype = self.pixels.dtype if bits is None else np.dtype(f"uint{bits}")
        pixels, alpha = self._content(keep, background, dtype)
        # a grey part carries no colour profile
        profile = self.profile if pixels.ndim == 3 else None
        with timed(self.seconds, "encode"):
            return encode(pixels, alpha, format, bits, profile)

    def _content(self, keep: Keep, background: Background | None, dtype: np.dtype[Any]) -> tuple[Array, Array | None]:
        """What a file holds, pixels and alpha, from float or the photo's depth to `dtype` in one step."""
        if keep == "alpha":
            return to_depth(self.alpha, dtype), None
        if keep == "trimap":
            return self.trimap, None
        if keep == "foreground":
            return to_depth(self.foreground, dtype), None
        if background is not None:
            return to_depth(self._composed(background), dtype), None
        return to_depth(self.colours, dtype), to_depth(self.alpha, dtype)

    def _composed(self, background: Background) -> Array:
        with timed(self.seconds, "compose"):
            behind = render(background, self.pixels, self.alpha, self.profile)
            return over(self.colours, behind, self.alpha)

    def _refuse_source(self, path: Path) -> None:
        if self.source is not None and is_same_file(path, self.source):
            raise InputError(f"{path} is the photo itself; a cut-out never replaces its input; give another name")


def format_of(path: Path) -> Format:
    """The format that a file's ending asks for.  Raises InputError for an ending that nothing is written as."""
    if path.suffix.lower() not in FORMATS:
        raise InputError(
            f"{path} ends in {path.suffix or 'nothing'!r}; expected one of {', '.join(FORMATS)}; "
            "rename it or pass --format"
        )
    return FORMATS[path.suffix.lower()]


def check_output(format: Format, keep: Keep, has_background: bool, bits: Bits | None) -> None:
    """Raises InputError for options that exclude each other; needs no photo."""
    if has_background and keep != "rgba":
        raise InputError(f"--keep {keep} and --background exclude each other; leave one of them away")
    if format == "jpg" and keep == "rgba" and not has_background:
        raise InputError("JPEG holds no transparency; pass --format png or webp, or --background white")
    if bits == 16 and format not in DEEP_FORMATS:
        raise InputError(f"{format} holds 8 bits a sample; --bits 16 was asked for; pass --format png or tiff")


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Add the time a block takes to a stage."""
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - start


def _tagged(picture: "Image.Image", profile: bytes | None) -> "Image.Image":
    if profile is not None:
        picture.info["icc_profile"] = profile
    return picture
