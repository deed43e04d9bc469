"""The cascade: what an automatic network is unsure of says where to look, a trimap network looks there.

glance (3, h, w) ─ learned_trimap ─> trimap (H, W) ─ trimap_matter.refine ─> alpha, colours (H, W)

A photo longer than the trimap network is given at once is refined at that size, where the unknown region is as narrow
as it has learned, and its alpha then follows the photo's own edges (`lifted`). On 30 drawn scenes of 1280 px the SAD
was 0.66 of the first network's at 512 px, 0.70 at 768 and 0.84 in tiles at their own size, at a quarter of the cost.
"""

import numpy as np

from mattelier import weights
from mattelier.image import Array, Float
from mattelier.image.refine import upsample_alpha
from mattelier.image.regions import PRESENT, connected, without_ghosts
from mattelier.image.trimap import UNKNOWN, from_glance
from mattelier.models import list_models
from mattelier.models.cards import Card
from mattelier.runtime.procedures import takes_trimap

NOTHING = np.array([[1], [0], [0]], np.float32)  # scores where there is surely background


def unsure_head(card: Card) -> str | None:
    """The output in which the card's network tells where it is unsure, None where it does not.

    The glance of GFM with three classes, or the trimap of CLIPMat: scores of background, unknown and foreground.
    """
    contract = card.contract
    if contract.trimap == "required":
        return None
    if "glance" in contract.outputs and card.config.get("representation", "tt") == "tt":
        return "glance"
    return "trimap" if "trimap" in contract.outputs else None


def can_lead(card: Card) -> bool:
    """Whether the card's network tells where it is unsure."""
    return unsure_head(card) is not None


def can_follow(card: Card) -> bool:
    """Whether the card's network finds alpha, given a trimap."""
    return card.contract.trimap == "required" and takes_trimap(card.contract)


def refiner_of(card: Card) -> Card | None:
    """The trimap card that joins `card` by itself: the first whose weights come with the package; None without one.

    A file in the user's own folder never joins unasked: its terms may be others, and the same photo would give another
    cut-out on the next machine.
    """
    followers = (other for other in list_models() if can_follow(other) and is_shipped(other))
    return next(followers, None) if can_lead(card) else None


def is_shipped(card: Card) -> bool:
    """Whether the card's weights lie in the package."""
    return (weights.shipped_folder() / card.weights.file).is_file()


def learned_trimap(scores: Array, coarse: Float, hw: tuple[int, int]) -> Array:
    """The unknown region that the network has learned to see: (H, W) uint8 {0, 128, 255} at the photo's size.

    scores: (1, 3, h, w), of background, unknown, foreground; coarse: (h, w), the network's alpha as `restore`
    gives it. Where that has cleared an island, nothing is left to look at.
    """
    possible = scores[0].argmax(0) > 0
    ghosts = possible & ~connected(coarse > PRESENT, possible)
    clear = np.asarray(scores[0], np.float32).copy()
    clear[:, ghosts] = NOTHING
    return from_glance(clear, hw)


def settled(alpha: Float, colours: Array | None, pixels: Array) -> tuple[Float, Array | None]:
    """Refined alpha (h, w) and colours (h, w, 3) without what stayed a faint island: the doubt was about nothing.

    pixels: (h, w, 3), the photo's samples, which colours are again where alpha is 0 or 1. A subject that is faint
    everywhere is kept.
    """
    clear = without_ghosts(alpha) if (alpha > PRESENT).any() else alpha
    certain = (clear == 0) | (clear == 1)
    return clear, None if colours is None else np.where(certain[..., None], pixels, colours)


def lifted(alpha: Float, pixels: Array, small: Array, trimap: Array) -> tuple[Float, Array]:
    """Alpha and trimap (h, w) of a shrunk photo at the photo's size (H, W); alpha along the photo's edges.

    pixels: (H, W, 3), the photo; small: (h, w, 3), what was refined; trimap: uint8 {0, 128, 255}. The large one is also
    unknown wherever the large alpha is neither 0 nor 1, so what it knows is exact.
    """
    large = upsample_alpha(alpha, pixels, small)
    rows, columns = (np.arange(side) * few // side for side, few in zip(large.shape, alpha.shape, strict=True))
    marks = trimap.take(columns, axis=1).take(rows, axis=0)
    marks[(large > 0) & (large < 1)] = UNKNOWN
    return large, marks
