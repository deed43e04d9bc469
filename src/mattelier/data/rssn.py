"""RSSN: composites without the gaps in resolution, semantics, sharpness and noise between F and B.

Li, Zhang, Maybank, Tao, "Bridging Composite and Real" (IJCV 2022), section 4; order and numbers from the authors' code.
Semantics is a matter of the backgrounds (scenes without a salient subject), the rest is here, a switch a part. The
paper denoises with BM3D, whose package is for non-commercial use only: non-local means of scikit-image stands in, or
folders of pictures that were denoised before.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from mattelier.data.augment import Rng
from mattelier.data.synthesis import composite_bytes
from mattelier.errors import InputError, MissingExtra
from mattelier.image import Array, Float
from mattelier.image.geometry import resize


@dataclass(frozen=True)
class Rssn:
    """Which gaps are closed, and how; each part that is on is applied with its probability, one by one."""

    resolution: bool = True  # backgrounds at least as large as F, brought to F's size; never enlarged
    denoise: bool = True  # noise, first half: both planes without theirs
    sharpness: bool = True  # the background out of focus
    noise: bool = True  # noise, second half: the same for both planes
    probability: float = 0.5
    blur_px: tuple[int, ...] = (20, 30, 40, 50, 60)  # side of the box filter
    noise_sigma: float = 10.0  # of 255

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise InputError(f"probability is {self.probability}; expected 0 to 1; pass for example 0.5")
        if self.noise_sigma < 0 or not self.blur_px or min(self.blur_px) < 1:
            raise InputError(
                f"noise_sigma {self.noise_sigma} and blur_px {self.blur_px}: expected 0 or more, and sides of 1 or "
                "more; correct them"
            )


PARTS = ("resolution", "denoise", "sharpness", "noise")


@dataclass(frozen=True)
class Draw:
    """What one composite gets."""

    is_denoised: bool = False
    blur_px: int | None = None
    noise: Float | None = None  # (H, W, 3), of 255

    @classmethod
    def of(cls, hw: tuple[int, int], rssn: Rssn, rng: Rng) -> "Draw":
        """Every number is drawn whether its part is on or not: one switch changes one thing."""
        chances = rng.random(3) < rssn.probability
        side = int(rng.choice(rssn.blur_px))
        noise = rng.normal(0.0, rssn.noise_sigma, (*hw, 3)).astype(np.float32)
        return cls(
            bool(rssn.denoise and chances[0]),
            side if rssn.sharpness and chances[1] else None,
            noise if rssn.noise and chances[2] else None,
        )


def compose(foreground: Array, background: Array, alpha: Array, draw: Draw) -> tuple[Array, Array, Array]:
    """Image, foreground and background as (H, W, 3) uint8, of which the first is exactly the composite of the others.

    foreground (H, W, 3) and alpha (H, W) uint8; background (h, w, 3) uint8 or float32 of 255, resized to H x W.
    The reference adds the noise to composite, F and B alike; here it goes to F and B, and they are composed after: the
    same picture within two steps, but for values that leave 0 to 255, which it wraps around and this clips.
    """
    behind = resize(background, (foreground.shape[0], foreground.shape[1])).astype(np.float32)
    if draw.blur_px is not None:
        behind = box_blur(behind, draw.blur_px)
    noise = np.float32(0) if draw.noise is None else draw.noise
    front, back = (np.rint(np.clip(plane + noise, 0, 255)).astype(np.uint8) for plane in (foreground, behind))
    return composite_bytes(front, back, alpha), front, back


def box_blur(rgb: Float, side_px: int) -> Float:
    """Mean over a square window, (H, W, 3); at the border the picture is mirrored. An even window leans up and left."""
    for axis in (0, 1):
        rgb = uniform_filter1d(rgb, side_px, axis=axis, mode="mirror")
    return rgb


def denoise(rgb: Array) -> Array:
    """(H, W, 3) uint8 without its noise: fast non-local means, its strength from the noise that is there.

    Raises MissingExtra without scikit-image.
    """
    try:
        from skimage.restoration import denoise_nl_means
    except ImportError as error:
        raise MissingExtra(
            "scikit-image is not installed, and denoising needs it: pip install scikit-image, or pass folders of "
            "pictures denoised before"
        ) from error
    unit = rgb.astype(np.float32) / np.float32(255)
    sigma = noise_of(unit)
    # patches and strength as scikit-image's own example for the fast form takes them
    cleaned = denoise_nl_means(
        unit, patch_size=5, patch_distance=6, h=0.8 * sigma + 1e-6, sigma=sigma, fast_mode=True, channel_axis=-1
    )
    return np.asarray(np.rint(np.clip(cleaned, 0, 1) * 255), np.uint8)


def noise_of(rgb: Float) -> float:
    """Standard deviation of white noise in (H, W, 3): Immerkaer's mask (1996), which sees no flat and no slope.

    The median instead of his mean, because edges and textures are few and large.
    """
    rows = rgb[:-2] - 2 * rgb[1:-1] + rgb[2:]
    both = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return float(np.median(np.abs(both)) / 0.6745 / 6)  # the mask's own norm is 6


def parts(text: str) -> Rssn:
    """The switches that words name: "all", or some of PARTS with commas between.  Raises InputError for others."""
    names = set(PARTS) if text == "all" else {word.strip() for word in text.split(",")}
    if unknown := names - set(PARTS):
        raise InputError(f"RSSN has no part {sorted(unknown)[0]!r}; expected all, or some of {','.join(PARTS)}")
    return Rssn("resolution" in names, "denoise" in names, "sharpness" in names, "noise" in names)
