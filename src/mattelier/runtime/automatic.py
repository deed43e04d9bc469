"""A photo, and words where the network reads them -> coarse alpha and the network's other heads, at its own size."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mattelier.errors import WeightsError
from mattelier.image import Array, Float
from mattelier.image.geometry import fit_size, resize
from mattelier.image.io import Picture
from mattelier.models.cards import Card, Contract
from mattelier.runtime.cutout import timed
from mattelier.runtime.prepare import network_copy, network_input, restore, shrink, size_of, small_alpha
from mattelier.runtime.sentences import read_sentence
from mattelier.runtime.subject import refusal, require_contrast, require_subject
from mattelier.runtime.words import Parts, is_choice, meant_parts, parts_of, read_prompt, require_meant, said_part

Run = Callable[[dict[str, Array]], dict[str, Array]]  # Engine.run


@dataclass(frozen=True, eq=False)
class Coarse:
    """alpha: (h, w) float32 [0, 1].  outputs: all heads.  small: the photo's own samples at that size, (h, w, 3)."""

    alpha: Float
    outputs: dict[str, Array]
    small: Array
    notes: tuple[str, ...] = ()


def find(
    card: Card, run: Run, picture: Picture, prompt: str | None, seconds: dict[str, float], is_twice: bool = False
) -> Coarse:
    """What the network finds; with a prompt, what the words mean.  Raises NoSubject, InputError and WeightsError.

    is_twice: without a prompt, look at the photo's mirror image too.
    """
    contract = card.contract
    with timed(seconds, "prepare"):
        small = shrink(contract, picture.pixels)
        copy = network_copy(contract, picture, small)
        require_contrast(copy)
    notes: tuple[str, ...] = ()
    with timed(seconds, "network"):
        if prompt is not None:
            outputs, alpha, notes = meant(card, run, copy, prompt)
        else:
            look = _looked_twice if is_twice else _looked
            outputs = look(contract, run, copy)
            alpha = restore(contract, outputs, (small.shape[0], small.shape[1]))
    doubts = require_found(card, outputs, alpha, picture, prompt)
    return Coarse(alpha, outputs, small, notes + doubts)


def _looked(contract: Contract, run: Run, copy: Array) -> dict[str, Array]:
    """The network's heads, (1, c, h, w) by name."""
    return run(network_input(contract, copy))


def _looked_twice(contract: Contract, run: Run, copy: Array) -> dict[str, Array]:
    """The same, each the mean of what the network says of the photo and of its mirror image.

    Of 18 ways to look up to six times, larger, smaller and mirrored, chosen on photos and drawn scenes of val
    (docs/cut.md).
    """
    plain, mirrored = _looked(contract, run, copy), _looked(contract, run, copy[:, ::-1])
    return {name: (plane + mirrored[name][..., ::-1]) / 2 for name, plane in plain.items()}


def heads(card: Card, run: Run, picture: Picture, prompt: str | None) -> tuple[dict[str, Array], str | None]:
    """All that the network says of a photo, (1, c, h, w) by name, for looking at; and the sentence of no subject.

    A network that sees every photo as a square has its planes brought back to the photo's shape.
    """
    contract = card.contract
    copy = network_copy(contract, picture)
    if prompt is None:
        outputs = _looked(contract, run, copy)
        alpha = restore(contract, outputs, (copy.shape[0], copy.shape[1]))
    else:
        outputs, alpha, _ = meant(card, run, copy, prompt)
    doubt = refusal(lambda: require_contrast(copy))
    doubt = doubt or refusal(lambda: require_found(card, outputs, alpha, picture, prompt))
    if contract.multiple_of < contract.longest_px:
        return outputs, doubt
    height, width = fit_size(size_of(picture), contract.longest_px)
    shares = height / contract.longest_px, width / contract.longest_px
    return {name: squeezed(plane, shares) for name, plane in outputs.items()}, doubt


def meant(card: Card, run: Run, copy: Array, prompt: str) -> tuple[dict[str, Array], Float, tuple[str, ...]]:
    """What a prompt means in a photo: the heads, the alpha (h, w), and sentences that the user should see.

    copy: (h, w, 3) uint8 sRGB, as the network sees the photo.  Of a sentence, a lite network that points is asked for
    the name alone; where that finds several things, the rest decides between them.  Raises WeightsError.
    """
    contract = card.contract

    def asked(text: str) -> tuple[dict[str, Array], Float, tuple[str, ...]]:
        words, notes = read_prompt(card, text)
        outputs = run(network_input(contract, copy, words))
        return outputs, restore(contract, outputs, (copy.shape[0], copy.shape[1])), notes

    def found(outputs: dict[str, Array], alpha: Float) -> Parts:
        return parts_of(alpha, plane_of(card, outputs, "pointing", 1))

    if "pointing" not in contract.outputs:
        return asked(prompt)
    said = read_sentence(prompt) if card.config.get("lite") else None  # the published network reads sentences itself
    outputs, alpha, notes = asked(prompt if said is None else said.name)
    parts = found(outputs, alpha)
    if said is not None and is_choice(parts):
        beside = None
        if said.other:
            other, its_alpha, its_notes = asked(said.other)
            beside, notes = found(other, its_alpha), notes + its_notes
        chosen = said_part(parts, said, copy, beside)
        if chosen is not None:
            return outputs, chosen, notes
    return outputs, meant_parts(parts), notes


def require_found(
    card: Card, outputs: dict[str, Array], alpha: Float, picture: Picture, prompt: str | None
) -> tuple[str, ...]:
    """Raises NoSubject where there is none, or none that the words mean, in what can be seen of the photo.

    Returns what is to be said of words that are little sure.
    """
    visible = alpha if picture.alpha is None else alpha * small_alpha(picture.alpha, alpha.shape)
    if prompt is not None:
        return require_meant(visible, plane_of(card, outputs, "trimap", 3), prompt)
    require_subject(visible)
    return ()


def squeezed(plane: Array, shares: tuple[float, float]) -> Array:
    """(1, c, h, w) with height and width at these shares of what they were."""
    height, width = (max(1, round(side * share)) for side, share in zip(plane.shape[2:], shares, strict=True))
    return np.stack([resize(np.ascontiguousarray(channel), (height, width)) for channel in plane[0]])[None]


def plane_of(card: Card, outputs: dict[str, Array], name: str, channels: int) -> Array:
    """A head (1, channels, h, w) of a network that reads.  Raises WeightsError where it answers none."""
    plane = outputs.get(name)
    if plane is None or plane.ndim != 4 or plane.shape[1] != channels or not np.isfinite(plane).all():
        found = "nothing" if plane is None else f"shape {plane.shape}, or not all of it numbers"
        raise WeightsError(
            f"{card.name} answered {found} for {name}; expected (1, {channels}, h, w); check its card with: matte "
            "models verify"
        )
    return plane
