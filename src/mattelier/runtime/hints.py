"""What a user tells beside the photo: a trimap, words; and whether a network has a use for it."""

from os import PathLike
from typing import TYPE_CHECKING

from mattelier.errors import InputError
from mattelier.image import Array
from mattelier.image.io import Limits, decode_mask
from mattelier.image.trimap import check, check_size, from_grey
from mattelier.models.cards import Card
from mattelier.runtime.options import Quality
from mattelier.runtime.words import reads, require_word

if TYPE_CHECKING:
    from PIL import Image

SLACK = 16  # of 255, by which black and white of a trimap may be off: what JPEG and soft brushes leave  # ours


def check_hints(card: Card, trimap: object, prompt: str | None, quality: Quality) -> None:
    """Raises InputError for a hint or a quality that the card's network has no use for, and for a hint it lacks."""
    if trimap is not None and card.contract.trimap == "none":
        told = "words" if reads(card) else "the photo alone"
        raise InputError(f"a trimap was given; {card.name} finds the subject from {told}; leave --trimap away")
    if trimap is None and card.contract.trimap == "required":
        raise InputError(
            f"no trimap was given; {card.name} needs one: black on the background, white on the subject, grey where it "
            "has to look; pass --trimap FILE, or choose a model that works from the photo alone"
        )
    if prompt is not None and not reads(card):
        raise InputError(f"a prompt was given; {card.name} understands no words; leave --prompt away")
    if prompt is not None:
        require_word(prompt)
    elif reads(card):
        raise InputError(
            f"no prompt was given; {card.name} keeps what words say; pass --prompt TEXT, as in --prompt 'the cat', or "
            "choose a model that works from the photo alone"
        )
    if quality == "fine" and not looks_again(card):
        raise InputError(
            f"quality fine was asked for; {card.name} looks once, fine is for models that need the photo alone; pass "
            "--quality standard"
        )


def looks_again(card: Card) -> bool:
    """Whether quality fine is of use: the network needs the photo alone."""
    return card.contract.inputs == ("image",)


def read_trimap(
    source: "str | PathLike[str] | bytes | Image.Image | Array", hw: tuple[int, int], limits: Limits
) -> tuple[Array, tuple[str, ...]]:
    """A user's trimap as (H, W) uint8 {0, 128, 255}, and sentences about it that the user should see.

    source: path, bytes, Pillow image or (H, W) array.  Nearly black and nearly white count as black and white, every
    other grey is unknown.  Raises InputError when it cannot be read, is not as large as the photo (hw), or has no
    unknown or no known part.
    """
    try:
        grey = decode_mask(source, limits)
    except InputError as error:  # two pictures were given: the sentence must say which
        raise InputError(f"the trimap cannot be read: {error}") from error
    trimap = from_grey(grey, SLACK)
    check_size(trimap, hw)
    return trimap, check(trimap)
