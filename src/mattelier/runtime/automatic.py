"""A photo, and words where the network reads them -> coarse alpha and the network's other heads, at its own size."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mattelier.errors import WeightsError
from mattelier.image import Array, Float
from mattelier.image.geometry import fit_size, resize
from mattelier.image.io import Picture
from mattelier.models.cards import Card
from mattelier.runtime.cutout import timed
from mattelier.runtime.prepare import network_copy, network_input, restore, shrink, size_of, small_alpha
from mattelier.runtime.subject import refusal, require_contrast, require_subject
from mattelier.runtime.words import read_prompt, require_meant

Run = Callable[[dict[str, Array]], dict[str, Array]]  # Engine.run


@dataclass(frozen=True, eq=False)
class Coarse:
    """alpha: (h, w) float32 [0, 1].  outputs: all heads.  small: the photo's own samples at that size, (h, w, 3)."""

    alpha: Float
    outputs: dict[str, Array]
    small: Array
    notes: tuple[str, ...] = ()


def find(card: Card, run: Run, picture: Picture, prompt: str | None, seconds: dict[str, float]) -> Coarse:
    """What the network finds; with a prompt, what the words mean.  Raises NoSubject, InputError and WeightsError."""
    contract = card.contract
    with timed(seconds, "prepare"):
        small = shrink(contract, picture.pixels)
        copy = network_copy(contract, picture, small)
        require_contrast(copy)
        words, notes = (None, ()) if prompt is None else read_prompt(card, prompt)
        inputs = network_input(contract, copy, words)
    with timed(seconds, "network"):
        outputs = run(inputs)
    alpha = restore(contract, outputs, (copy.shape[0], copy.shape[1]))
    require_found(card, outputs, alpha, picture, prompt)
    return Coarse(alpha, outputs, small, notes)


def heads(card: Card, run: Run, picture: Picture, prompt: str | None) -> tuple[dict[str, Array], str | None]:
    """All that the network says of a photo, (1, c, h, w) by name, for looking at; and the sentence of no subject.

    A network that sees every photo as a square has its planes brought back to the photo's shape.
    """
    contract = card.contract
    words = None if prompt is None else read_prompt(card, prompt)[0]
    copy = network_copy(contract, picture)
    outputs = run(network_input(contract, copy, words))
    alpha = restore(contract, outputs, (copy.shape[0], copy.shape[1]))
    doubt = refusal(lambda: require_contrast(copy))
    doubt = doubt or refusal(lambda: require_found(card, outputs, alpha, picture, prompt))
    if contract.multiple_of < contract.longest_px:
        return outputs, doubt
    height, width = fit_size(size_of(picture), contract.longest_px)
    shares = height / contract.longest_px, width / contract.longest_px
    return {name: squeezed(plane, shares) for name, plane in outputs.items()}, doubt


def require_found(card: Card, outputs: dict[str, Array], alpha: Float, picture: Picture, prompt: str | None) -> None:
    """Raises NoSubject where there is none, or none that the words mean, in what can be seen of the photo."""
    visible = alpha if picture.alpha is None else alpha * small_alpha(picture.alpha, alpha.shape)
    if prompt is None:
        require_subject(visible)
    else:
        require_meant(visible, scores_of(card, outputs), prompt)


def squeezed(plane: Array, shares: tuple[float, float]) -> Array:
    """(1, c, h, w) with height and width at these shares of what they were."""
    height, width = (max(1, round(side * share)) for side, share in zip(plane.shape[2:], shares, strict=True))
    return np.stack([resize(channel, (height, width)) for channel in plane[0]])[None]


def scores_of(card: Card, outputs: dict[str, Array]) -> Array:
    """The three classes' scores of a network that reads.  Raises WeightsError where it answers none."""
    scores = outputs.get("trimap")
    if scores is None or scores.ndim != 4 or scores.shape[1] != 3 or not np.isfinite(scores).all():
        found = "nothing" if scores is None else f"shape {scores.shape}, or not all of it numbers"
        raise WeightsError(
            f"{card.name} answered {found} for trimap; expected (1, 3, h, w), scores of background, transition and "
            "foreground; check its card with: matte models verify"
        )
    return scores
