"""The way of a picture, one line an arrow.

photo ─ decode ─> pixels, and words ─ automatic.find ─> coarse alpha ─ enlarge ─> Cutout
                    │                                     └ where it is unsure ─ learned_trimap ┐
                    └── and a trimap ─ read_trimap ──────────────────────────────────────> trimap ─ refine ─> Cutout
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mattelier import weights
from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.io import Limits, Picture, decode
from mattelier.models import list_models
from mattelier.models.cards import Card
from mattelier.runtime import automatic, cascade, trimap_matter
from mattelier.runtime.cutout import Cutout, timed
from mattelier.runtime.engine import Loaded, open_engine
from mattelier.runtime.hints import check_hints, read_trimap
from mattelier.runtime.look import Look, layers
from mattelier.runtime.options import Device, EngineName, Quality
from mattelier.runtime.prepare import enlarge, honour, levelled, size_of
from mattelier.runtime.subject import refusal, require_subject
from mattelier.runtime.words import reads

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
        self._read = partial(weights.read, self.card.weights, Path(file) if file else None)
        self._engine = open_engine(self.card, self._read(), engine, device, threads)
        self._looking: Loaded | None = self._engine if self._engine.is_whole else None
        self._open_whole: Callable[[], Loaded] = lambda: open_engine(
            self.card, self._read(), engine, device, threads, True
        )
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
        return " + ".join(weights.pin(card) for card in (self.card, self._joining(quality)) if card)

    def _joining(self, quality: Quality) -> Card | None:
        """The card that refines a cut of this quality: drafts are not refined."""
        return None if quality == "draft" else self._refiner_card

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
        photo's edges and takes the old background out of the colours; fine does so after looking twice, once
        at the photo's mirror image, for a network that needs the photo alone; one that leads a refiner always does.
        Raises InputError for pictures and options that cannot be used, and NoSubject.
        """
        check_hints(self.card, trimap, prompt, quality)
        seconds: dict[str, float] = {}
        with timed(seconds, "decode"):
            picture = decode(source, limits or Limits())
        if trimap is None:
            found = self._unaided(picture, prompt, quality, seconds)
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

        A photo larger than contract.longest_px is shrunk to it, and its trimap with it.  Raises InputError as `cut`.
        """
        check_hints(self.card, trimap, prompt, "standard")
        limits = limits or Limits()
        picture, run, seconds = decode(source, limits), self._whole.heads, dict[str, float]()
        with timed(seconds, "look"):
            if trimap is None:
                outputs, doubt = automatic.heads(self.card, run, picture, prompt)
            else:
                marks, _ = read_trimap(trimap, size_of(picture), limits)
                outputs = trimap_matter.heads(self.card.contract, run, picture, marks)
                doubt = refusal(lambda: require_subject(levelled(outputs["alpha"], self.card.contract)[0, 0]))
        return Look(layers(outputs), seconds["look"], doubt)

    def learned_trimap(self, picture: Picture) -> Array:
        """(H, W) uint8 {0, 128, 255}, of a network that glances.  Raises NoSubject."""
        return self._unsure(automatic.find(self.card, self._engine.run, picture, None, {}), picture)

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

    def _unaided(self, picture: Picture, prompt: str | None, quality: Quality, seconds: dict[str, float]) -> Found:
        """From the photo, and from words where the network reads them.  Raises NoSubject."""
        is_refined = self._joining(quality) is not None
        # before a refiner, which takes much longer, a second look hardly counts
        coarse = automatic.find(self.card, self._engine.run, picture, prompt, seconds, is_refined or quality == "fine")
        refiner = self.refiner if is_refined else None
        if refiner is None:
            with timed(seconds, "refine"):
                matte = enlarge(coarse.alpha, picture.pixels, quality, coarse.small)
            return Found(matte, notes=coarse.notes)
        contract = refiner.card.contract
        with timed(seconds, "trimap"):
            near = trimap_matter.shrunk(picture, contract.longest_px)
            marks = self._unsure(coarse, near)
        with timed(seconds, "refine"):
            first = enlarge(coarse.alpha, near.pixels, quality, coarse.small) if contract.polish > 0 else None
            matte, colours = refiner._refined(near, marks, first)
            # what the polish leaves a little short of 0 and 1 arrives by the levels that the leader's alpha has too
            matte, colours = cascade.settled(levelled(matte, self.card.contract), colours, near.pixels)
            if near is picture:
                return Found(matte, colours, marks, coarse.notes)
            # colours are found at the photo's own size, from the lifted alpha
            lifted, trimap = cascade.lifted(matte, picture.pixels, near.pixels, marks)
        return Found(lifted, None, trimap, coarse.notes)

    def _refined(self, picture: Picture, trimap: Array, first: Float | None = None) -> tuple[Float, Array | None]:
        return trimap_matter.refine(self.card.contract, self._engine.run, picture, trimap, first)

    def _unsure(self, coarse: automatic.Coarse, picture: Picture) -> Array:
        head = cascade.unsure_head(self.card)
        assert head is not None  # require_cascade, made_trimap
        return cascade.learned_trimap(coarse.outputs[head], coarse.alpha, size_of(picture))

    @property
    def _whole(self) -> Loaded:
        """The network with all its heads, opened when first looked at: cuts never pay for it."""
        with self._opening:
            if self._looking is None:
                self._looking = self._open_whole()
            return self._looking


def card_of(name: str | None, prompt: str | None = None) -> Card:
    """The card that a name means; None: the first whose weights come with the package and that needs the photo alone.

    prompt: with None as name, the first that reads.  Raises UnknownModel, and InputError where none of them reads.
    """
    if name is not None:
        return weights.resolve(name, list_models())
    unaided = [card for card in list_models() if card.contract.trimap == "none" and reads(card) == (prompt is not None)]
    shipped = [card for card in unaided if cascade.is_shipped(card)]
    if prompt is not None and not shipped:
        raise InputError(
            "a prompt was given; none of the models that come with this package reads words; expected CLIPMat's; leave "
            "--prompt away, or name one of your own with --model"
        )
    return shipped[0] if shipped else weights.resolve("modnet", unaided)


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
    name = card_of(None, prompt).name if model is None and prompt is not None else model
    matter = warm(name, engine, device, threads)
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
            f"{second.name} was given to refine {first.name}; expected a trimap network behind one that tells where it "
            "is unsure, as GFM's glance does; leave the refiner away"
        )
