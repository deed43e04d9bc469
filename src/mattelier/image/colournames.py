"""Plain colour names measured from pixels: how much of a thing each of twelve names covers.

RefMatte names colours by clustering the pixels of a foreground; here every pixel votes, and the shares stay with the
thing, so that a name can be called true, false or unclear.
"""

import numpy as np

from mattelier.image import Array, Float

COLOURS = (
    "black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "beige",
)  # fmt: skip
# pairs that people mix up; half of a neighbour's share counts when a colour is to be denied
NEIGHBOURS = {
    "black": ("grey", "brown"),
    "white": ("grey", "beige"),
    "grey": ("black", "white", "beige"),
    "red": ("orange", "pink", "brown"),
    "orange": ("red", "yellow", "brown"),
    "yellow": ("orange", "beige", "green"),
    "green": ("yellow", "blue"),
    "blue": ("purple", "green"),
    "purple": ("blue", "pink"),
    "pink": ("red", "purple", "beige"),
    "brown": ("red", "orange", "black", "beige"),
    "beige": ("white", "brown", "yellow", "pink"),
}
HAS, HAS_NOT = 0.40, 0.20  # shares from which a thing is called by a colour, and below which it is not


def colour_shares(rgb: Array, alpha: Float) -> dict[str, float]:
    """Share of each colour name, by alpha; they sum to one.

    rgb: (H, W, 3) uint8, sRGB, straight.  alpha: (H, W) in [0, 1].  A thing of alpha 0 everywhere has no colour.
    """
    inside = alpha > 0.5 * float(alpha.max(initial=0.0))
    counts = np.bincount(name_pixels(rgb[inside]), minlength=len(COLOURS)) if inside.any() else np.zeros(len(COLOURS))
    return {name: float(count) / max(1.0, float(counts.sum())) for name, count in zip(COLOURS, counts, strict=True)}


def is_coloured(shares: dict[str, float], name: str) -> bool | None:
    """Whether a thing of these shares may be called by a colour; None where people would differ."""
    if shares[name] >= HAS:
        return True
    doubtful = shares[name] + 0.5 * sum(shares[other] for other in NEIGHBOURS[name])
    return False if doubtful <= HAS_NOT else None


def name_pixels(rgb: Array) -> Array:
    """The index into COLOURS of every pixel, (N, 3) uint8 -> (N,) int64, by hue, saturation and value."""
    hue, saturation, value = hsv(rgb)
    dark, pale = value < 0.55, (saturation < 0.35) & (value > 0.7)
    conditions = (
        ((value < 0.2) | ((value < 0.3) & (saturation < 0.35)), "black"),
        ((saturation < 0.18) & (value > 0.72), "white"),
        (saturation < 0.14, "grey"),
        ((hue < 15) & pale, "pink"),
        ((hue < 15) & ((value < 0.4) | ((saturation < 0.6) & (value < 0.75))), "brown"),
        (hue < 15, "red"),
        ((hue < 68) & pale, "beige"),
        ((hue < 42) & ((value < 0.7) | (saturation < 0.5)), "brown"),
        (hue < 42, "orange"),
        ((hue < 68) & dark & (hue < 50), "brown"),
        (hue < 68, "yellow"),
        (hue < 165, "green"),
        (hue < 255, "blue"),
        ((hue < 310) | ((hue < 340) & dark), "purple"),
        ((hue < 340) | (saturation < 0.5), "pink"),
        (value < 0.4, "brown"),
    )
    index = [np.full(value.shape, COLOURS.index(name)) for _, name in conditions]
    return np.select([where for where, _ in conditions], index, COLOURS.index("red"))


def hsv(rgb: Array) -> tuple[Float, Float, Float]:
    """Hue in degrees, saturation and value in [0, 1] of (N, 3) uint8 pixels."""
    r, g, b = (rgb[:, i].astype(np.float32) / np.float32(255.0) for i in range(3))
    value, low = np.maximum(np.maximum(r, g), b), np.minimum(np.minimum(r, g), b)
    chroma = value - low
    safe = np.where(chroma > 0, chroma, np.float32(1.0))
    sector = np.select(
        [chroma == 0, value == r, value == g],
        [np.zeros_like(r), (g - b) / safe % 6, (b - r) / safe + 2],
        (r - g) / safe + 4,
    )
    saturation = chroma / np.where(value > 0, value, np.float32(1.0))
    return (60.0 * sector).astype(np.float32), saturation.astype(np.float32), value
