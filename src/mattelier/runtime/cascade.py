"""The first cascade: an automatic network's glance says where to look, a trimap network looks there.

glance (3, h, w) ─ learned_trimap ─> trimap (H, W) ─ trimap_matter.refine ─> alpha, colours (H, W)
"""

import numpy as np

from mattelier import weights
from mattelier.image import Array, Float
from mattelier.image.regions import PRESENT, connected
from mattelier.image.trimap import from_glance
from mattelier.models import list_models
from mattelier.models.cards import Card
from mattelier.runtime.prepare_fba import INPUTS

NOTHING = np.array([[1], [0], [0]], np.float32)  # glance's scores where there is surely background


def can_lead(card: Card) -> bool:
    """Whether the card's network tells where it is unsure: the glance of GFM with three classes."""
    return "glance" in card.contract.outputs and card.config.get("representation", "tt") == "tt"


def can_follow(card: Card) -> bool:
    """Whether the card's network finds alpha and colours, given a trimap."""
    return card.contract.trimap == "required" and card.contract.inputs == INPUTS


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


def learned_trimap(glance: Array, coarse: Float, hw: tuple[int, int]) -> Array:
    """The unknown region that the network has learned to see: (H, W) uint8 {0, 128, 255} at the photo's size.

    glance: (1, 3, h, w) scores of background, unknown, foreground; coarse: (h, w), the network's alpha as `restore`
    gives it. Where that has cleared an island, nothing is left to look at.
    """
    possible = glance[0].argmax(0) > 0
    ghosts = possible & ~connected(coarse > PRESENT, possible)
    scores = np.asarray(glance[0], np.float32).copy()
    scores[:, ghosts] = NOTHING
    return from_glance(scores, hw)
