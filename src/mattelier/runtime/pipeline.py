"""The way of a picture, one line an arrow.

photo ─ decode ─> pixels ─ network_copy ─ network_input ─> engine ─ restore ─> coarse alpha ─ upsample_alpha ─> Cutout
"""

from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mattelier import weights
from mattelier.errors import InputError, NoSubject
from mattelier.image import Array, Float
from mattelier.image.colour import to_depth
from mattelier.image.geometry import resize
from mattelier.image.io import Limits, Picture, decode
from mattelier.image.refine import CERTAIN, upsample_alpha
from mattelier.models import list_models
from mattelier.models.cards import Card
from mattelier.runtime.cutout import Cutout, timed
from mattelier.runtime.engine import open_engine
from mattelier.runtime.options import Device, EngineName, Quality
from mattelier.runtime.prepare import network_copy, network_input, restore, shrink, small_alpha

if TYPE_CHECKING:
    from PIL import Image

# No subject: fewer than one pixel in 2000 of the network's alpha more likely in than out, or fewer than one in 5000
# sure. At 512 x 384 that is a spot of 10 px, 5 px sure: less than the network can tell from noise.  # ours
LIKELY, LIKELY_SHARE = 0.5, 1 / 2000
SURE, SURE_SHARE = 0.9, 1 / 5000
FLAT_RANGE = 8  # of 255, in every channel: a picture this even shows nothing, whatever a network makes of it


class Matter:
    """A warm model: load once, cut many; `cut` may be called from several threads at once."""

    def __init__(
        self,
        model: str | Card | None = None,
        *,
        file: str | PathLike[str] | None = None,
        engine: EngineName = "onnx",
        device: Device = "cpu",
        threads: int | None = None,
    ) -> None:
        """model: a name ("modnet", "modnet-lite@0123abcd"), a card, or None for the first card shipped.

        file: where the card's weights lie, when neither in the package nor in the user's folder; the digest must fit.
        Raises UnknownModel, WeightsError, MissingExtra and DeviceError.
        """
        self.card = model if isinstance(model, Card) else card_of(model)
        data = weights.read(self.card.weights, Path(file) if file else None)
        self._engine = open_engine(self.card, data, engine, device, threads)

    @property
    def name(self) -> str:
        """NAME@DIGEST of the weights in use."""
        return weights.pin(self.card)

    def cut(
        self,
        source: "str | PathLike[str] | bytes | Image.Image | Array",
        *,
        trimap: str | PathLike[str] | None = None,
        prompt: str | None = None,
        quality: Quality = "standard",
        limits: Limits | None = None,
    ) -> Cutout:
        """Cut the subject out of one picture: path, bytes, Pillow image or (H, W, 3|4) array.

        quality: draft enlarges the network's alpha plainly and keeps the photo's colours; standard follows the
        photo's edges and takes the old background out of the colours.
        Raises InputError for pictures and options that cannot be used, and NoSubject.
        """
        check_hints(self.card, trimap, prompt, quality)
        seconds: dict[str, float] = {}
        with timed(seconds, "decode"):
            picture = decode(source, limits or Limits())
        with timed(seconds, "prepare"):
            small = shrink(self.card.contract, picture.pixels)
        coarse = self._look(picture, small, seconds)
        with timed(seconds, "refine"):
            matte = enlarge(coarse, picture.pixels, quality, small)
            alpha = honour(picture, matte)
        return Cutout(
            alpha=alpha,
            pixels=picture.pixels,
            profile=picture.profile,
            model=self.name,
            seconds=seconds,
            notes=picture.notes,
            source=Path(source) if isinstance(source, str | PathLike) else None,
            matte=None if picture.alpha is None else matte,
            clean_colours=quality != "draft",
        )

    def _look(self, picture: Picture, small: Array, seconds: dict[str, float]) -> Float:
        """The coarse alpha, (h, w) float32 [0, 1] at the network's size.  Raises NoSubject."""
        contract = self.card.contract
        with timed(seconds, "prepare"):
            copy = network_copy(contract, picture, small)
            require_contrast(copy)
            inputs = network_input(contract, copy)
        with timed(seconds, "network"):
            outputs = self._engine.run(inputs)
        coarse = restore(contract, outputs, (copy.shape[0], copy.shape[1]))
        visible = coarse if picture.alpha is None else coarse * small_alpha(picture.alpha, coarse.shape)
        require_subject(visible)
        return coarse


def card_of(name: str | None) -> Card:
    """The card that a name means; None: the first automatic one whose weights come with the package."""
    if name is not None:
        return weights.resolve(name, list_models())
    automatic = [card for card in list_models() if card.contract.trimap == "none"]
    shipped = [card for card in automatic if (weights.shipped_folder() / card.weights.file).is_file()]
    return shipped[0] if shipped else weights.resolve("modnet", automatic)


@lru_cache(maxsize=2)
def warm(model: str | None, engine: EngineName, device: Device, threads: int | None) -> Matter:
    """A Matter that stays loaded: `mattelier.cut` in a loop loads its weights once."""
    return Matter(model, engine=engine, device=device, threads=threads)


def cut(
    source: "str | PathLike[str] | bytes | Image.Image | Array",
    *,
    model: str | None = None,
    trimap: str | PathLike[str] | None = None,
    prompt: str | None = None,
    quality: Quality = "standard",
    engine: EngineName = "onnx",
    device: Device = "cpu",
    threads: int | None = None,
    limits: Limits | None = None,
) -> Cutout:
    """Cut the subject out of one picture; see Matter and Matter.cut for the options and errors."""
    matter = warm(model, engine, device, threads)
    return matter.cut(source, trimap=trimap, prompt=prompt, quality=quality, limits=limits)


def load(
    model: str | Card | None = None,
    *,
    file: str | PathLike[str] | None = None,
    engine: EngineName = "onnx",
    device: Device = "cpu",
    threads: int | None = None,
) -> Matter:
    """A warm, reusable, thread-safe Matter; see there for the options and errors."""
    return Matter(model, file=file, engine=engine, device=device, threads=threads)


def check_hints(card: Card, trimap: object, prompt: str | None, quality: Quality) -> None:
    """Raises InputError for a hint or a quality that the card's network has no use for."""
    if trimap is not None and card.contract.trimap == "none":
        raise InputError(f"a trimap was given; {card.name} finds the subject from the photo alone; leave --trimap away")
    if prompt is not None and "tokens" not in card.contract.inputs:
        raise InputError(f"a prompt was given; {card.name} understands no words; leave --prompt away")
    if quality == "fine":
        raise InputError(
            "quality fine was asked for; it refines edges with a trimap network, and this version has none; "
            "pass --quality standard"
        )


def require_contrast(copy: Array) -> None:
    """copy: (h, w, 3) uint8.  Raises NoSubject for a picture of one even colour."""
    channels = (copy[..., channel] for channel in range(3))
    if all(int(plane.max()) - int(plane.min()) <= FLAT_RANGE for plane in channels):
        raise NoSubject(
            "no subject found: the picture is one even colour; expected a photo of something; check the file"
        )


def require_subject(alpha: Float) -> None:
    """alpha: (h, w), the network's.  Raises NoSubject when it marks nothing, or nothing with confidence."""
    likely, sure = float((alpha > LIKELY).mean()), float((alpha > SURE).mean())
    if likely < LIKELY_SHARE or sure < SURE_SHARE:
        raise NoSubject(
            f"no subject found: {100 * likely:.2f} % of the picture looks like one ({100 * sure:.2f} % surely); "
            f"expected {100 * LIKELY_SHARE:.2f} % ({100 * SURE_SHARE:.2f} %); crop closer to what you want to keep"
        )


def enlarge(coarse: Float, pixels: Array, quality: Quality, small: Array | None = None) -> Float:
    """The coarse alpha at the photo's size: (H, W) float32 [0, 1]; small: `pixels` at the size of coarse."""
    if quality != "draft":
        return upsample_alpha(coarse, pixels, small)
    alpha = resize(coarse, (pixels.shape[0], pixels.shape[1]))
    alpha[alpha < CERTAIN[0]], alpha[alpha > CERTAIN[1]] = 0, 1
    return alpha


def honour(picture: Picture, matte: Float) -> Float:
    """The matte times the file's own alpha: what was transparent stays so."""
    if picture.alpha is None:
        return matte
    return np.multiply(matte, to_depth(picture.alpha, np.float32))
