"""The way of a picture, one line an arrow.

photo ─ decode ─> pixels ─ network_copy ─ network_input ─> engine ─ restore ─> coarse alpha ─ upsample_alpha ─> Cutout
                    │                                         └ glance ─ learned_trimap ┐
                    └── and a trimap ─ read_trimap ──────────────────────────────> trimap ─ refine ─> Cutout
"""

import threading
from dataclasses import dataclass
from functools import lru_cache, partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from mattelier import weights
from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.colour import to_depth
from mattelier.image.geometry import resize
from mattelier.image.io import Limits, Picture, decode
from mattelier.image.refine import CERTAIN, upsample_alpha
from mattelier.models import list_models
from mattelier.models.cards import Card
from mattelier.runtime import cascade, trimap_matter
from mattelier.runtime.cutout import Cutout, timed
from mattelier.runtime.engine import open_engine
from mattelier.runtime.hints import check_hints, read_trimap
from mattelier.runtime.look import Look, layers
from mattelier.runtime.options import Device, EngineName, Quality
from mattelier.runtime.prepare import network_copy, network_input, restore, shrink, small_alpha
from mattelier.runtime.subject import require_contrast, require_subject

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Found:
    """What the networks found, at the photo's size; colours, trimap: None where none of them is for that."""

    matte: Float
    colours: Array | None = None
    trimap: Array | None = None
    notes: tuple[str, ...] = ()


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
        refiner: "Matter | Literal['shipped'] | None" = "shipped",
    ) -> None:
        """model: a name ("modnet", "modnet-lite@0123abcd"), a card, or None for the first card shipped.

        file: where the card's weights lie, when neither in the package nor in the user's folder; the digest must fit.
        refiner: the trimap matter that refines edges in quality standard; "shipped": the package's own, if it has one
        and `model` can lead it; None: none.
        Raises UnknownModel, WeightsError, MissingExtra and DeviceError.
        """
        self.card = model if isinstance(model, Card) else card_of(model)
        data = weights.read(self.card.weights, Path(file) if file else None)
        self._engine = open_engine(self.card, data, engine, device, threads)
        self._refiner: Matter | None = None
        self._refiner_card: Card | None = None
        if isinstance(refiner, Matter):
            self._refiner, self._refiner_card = refiner, refiner.card
        elif refiner == "shipped":
            self._refiner_card = cascade.refiner_of(self.card)
        self._open = partial(Matter, engine=engine, device=device, threads=threads, refiner=None)
        self._opening = threading.Lock()
        require_cascade(self.card, self._refiner_card)

    @property
    def name(self) -> str:
        """NAME@DIGEST of the weights in use."""
        return weights.pin(self.card)

    def used(self, quality: Quality) -> str:
        """NAME@DIGEST of all weights that a cut of this quality uses, joined by " + "."""
        refiner = None if quality == "draft" else self._refiner_card
        return " + ".join(weights.pin(card) for card in (self.card, refiner) if card)

    @property
    def refiner(self) -> "Matter | None":
        """The matter that refines edges, opened when first asked for: drafts never pay for it."""
        with self._opening:
            if self._refiner is None and self._refiner_card is not None:
                self._refiner = self._open(self._refiner_card)
            return self._refiner

    def cut(
        self,
        source: "str | PathLike[str] | bytes | Image.Image | Array",
        *,
        trimap: "str | PathLike[str] | bytes | Image.Image | Array | None" = None,
        prompt: str | None = None,
        quality: Quality = "standard",
        limits: Limits | None = None,
    ) -> Cutout:
        """Cut the subject out of one picture: path, bytes, Pillow image or (H, W, 3|4) array.

        trimap: for models that need one, as large as the photo: path, bytes, Pillow image or (H, W) array; black is
        background, white is subject, grey is looked at.
        quality: draft enlarges the network's alpha plainly and keeps the photo's colours; standard follows the
        photo's edges and takes the old background out of the colours.
        Raises InputError for pictures and options that cannot be used, and NoSubject.
        """
        check_hints(self.card, trimap, prompt, quality)
        seconds: dict[str, float] = {}
        with timed(seconds, "decode"):
            picture = decode(source, limits or Limits())
        if trimap is None:
            found = self._unaided(picture, quality, seconds)
        else:
            found = self._told(picture, trimap, limits or Limits(), seconds)
        return Cutout(
            alpha=honour(picture, found.matte),
            pixels=picture.pixels,
            profile=picture.profile,
            model=self.used(quality),
            seconds=seconds,
            notes=picture.notes + found.notes,
            source=Path(source) if isinstance(source, str | PathLike) else None,
            matte=None if picture.alpha is None else found.matte,
            clean_colours=quality != "draft",
            subject=found.colours,
            known=found.trimap,
        )

    def look(
        self,
        source: "str | PathLike[str] | bytes | Image.Image | Array",
        *,
        trimap: "str | PathLike[str] | bytes | Image.Image | Array | None" = None,
        prompt: str | None = None,
        limits: Limits | None = None,
    ) -> Look:
        """What the network itself says of a photo, head by head, at its own size; no refiner, no NoSubject.

        The photo is shrunk to contract.longest_px where it is larger.  Raises InputError as `cut` does.
        """
        check_hints(self.card, trimap, prompt, "standard")
        picture = decode(source, limits or Limits())
        seconds: dict[str, float] = {}
        with timed(seconds, "look"):
            inputs = network_input(self.card.contract, network_copy(self.card.contract, picture))
            outputs = self._engine.heads(inputs)
        return Look(layers(outputs), seconds["look"])

    def learned_trimap(self, picture: Picture) -> Array:
        """(H, W) uint8 {0, 128, 255}, for a network that glances.  Raises NoSubject."""
        outputs, coarse = self._look(picture, shrink(self.card.contract, picture.pixels), {})
        return cascade.learned_trimap(outputs["glance"], coarse, size_of(picture))

    def _told(
        self,
        picture: Picture,
        source: "str | PathLike[str] | bytes | Image.Image | Array",
        limits: Limits,
        seconds: dict[str, float],
    ) -> Found:
        """With the user's trimap."""
        with timed(seconds, "trimap"):
            trimap, notes = read_trimap(source, size_of(picture), limits)
        with timed(seconds, "network"):
            matte, colours = self._refined(picture, trimap)
        return Found(matte, colours, trimap, notes)

    def _unaided(self, picture: Picture, quality: Quality, seconds: dict[str, float]) -> Found:
        """From the photo alone.  Raises NoSubject."""
        with timed(seconds, "prepare"):
            small = shrink(self.card.contract, picture.pixels)
        outputs, coarse = self._look(picture, small, seconds)
        refiner = None if quality == "draft" else self.refiner
        if refiner is None:
            with timed(seconds, "refine"):
                return Found(enlarge(coarse, picture.pixels, quality, small))
        with timed(seconds, "trimap"):
            trimap = cascade.learned_trimap(outputs["glance"], coarse, size_of(picture))
        with timed(seconds, "refine"):
            matte, colours = refiner._refined(picture, trimap)
        return Found(matte, colours, trimap)

    def _refined(self, picture: Picture, trimap: Array) -> tuple[Float, Array]:
        return trimap_matter.refine(self.card.contract, self._engine.run, picture, trimap)

    def _look(self, picture: Picture, small: Array, seconds: dict[str, float]) -> tuple[dict[str, Array], Float]:
        """The network's heads and its coarse alpha, (h, w) float32 [0, 1] at the network's size.  Raises NoSubject."""
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
        return outputs, coarse


def card_of(name: str | None) -> Card:
    """The card that a name means; None: the first automatic one whose weights come with the package."""
    if name is not None:
        return weights.resolve(name, list_models())
    automatic = [card for card in list_models() if card.contract.trimap == "none"]
    shipped = [card for card in automatic if cascade.is_shipped(card)]
    return shipped[0] if shipped else weights.resolve("modnet", automatic)


@lru_cache(maxsize=2)
def warm(model: str | None, engine: EngineName, device: Device, threads: int | None) -> Matter:
    """A Matter that stays loaded: `mattelier.cut` in a loop loads its weights once."""
    return Matter(model, engine=engine, device=device, threads=threads)


def cut(
    source: "str | PathLike[str] | bytes | Image.Image | Array",
    *,
    model: str | None = None,
    trimap: "str | PathLike[str] | bytes | Image.Image | Array | None" = None,
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
    refiner: "Matter | Literal['shipped'] | None" = "shipped",
) -> Matter:
    """A warm, reusable, thread-safe Matter; see there for the options and errors."""
    return Matter(model, file=file, engine=engine, device=device, threads=threads, refiner=refiner)


def require_cascade(first: Card, second: Card | None) -> None:
    """Raises InputError unless the second card's network can refine what the first one's is unsure of."""
    if second is not None and not (cascade.can_lead(first) and cascade.can_follow(second)):
        raise InputError(
            f"{second.name} was given to refine {first.name}; expected a trimap network behind one that glances, as "
            "GFM does; leave the refiner away"
        )


def size_of(picture: Picture) -> tuple[int, int]:
    """Height and width."""
    return picture.pixels.shape[0], picture.pixels.shape[1]


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
