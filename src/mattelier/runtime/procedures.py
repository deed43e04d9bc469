"""How each trimap system is shown a photo and how its answer is read: whole, as published, or a part of it.

One object a system; `trimap_matter` knows none of them by name, and finds the one whose inputs a card asks for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.interpolate import interpolate
from mattelier.image.io import Picture
from mattelier.image.trimap_encoding import REACH_PX
from mattelier.models.cards import Contract
from mattelier.runtime import prepare_dim, prepare_fba, prepare_matteformer
from mattelier.runtime.prepare import seen_part
from mattelier.runtime.tiles import Area, around

HW = tuple[int, int]
Planes = dict[str, Float]  # (1, C, h, w) by name


@dataclass(frozen=True, eq=False)
class View:
    """A part of a photo (or all of it), as a network is to see it.  trimap: (H, W), the whole photo's."""

    picture: Picture
    trimap: Array
    area: Area

    @cached_property
    def rgb(self) -> Array:
        """(h, w, 3) uint8 sRGB."""
        return seen_part(self.picture, self.area)

    @property
    def hint(self) -> Array:
        """(h, w) uint8."""
        return self.trimap[self.area]

    def wide(self, margin_px: int) -> tuple[Area, Area]:
        """The part with a margin, as far as the photo goes; and where in it the part lies."""
        return around(self.area, margin_px, (self.trimap.shape[0], self.trimap.shape[1]))


@dataclass(frozen=True)
class Answer:
    """alpha (h, w) and foreground (h, w, 3), float32 in [0, 1]; None: the network finds no colours."""

    alpha: Float
    foreground: Float | None = None


class Procedure(Protocol):
    """inputs: names, in order.  heads: what must be answered, and its channels.  multiple_of: of a tile's sides."""

    inputs: tuple[str, ...]
    heads: Mapping[str, int]
    multiple_of: int

    def show(self, view: View) -> Planes:
        """The network's inputs for a photo that it sees whole."""
        ...

    def read(self, outputs: Mapping[str, Array], view: View) -> Answer:
        """Its answer to these, at the view's size, with what the trimap knows put back."""
        ...

    def show_tile(self, view: View) -> Planes:
        """The inputs for a part at the photo's own size, never resampled."""
        ...

    def read_tile(self, outputs: Mapping[str, Array], view: View) -> Answer:
        """Its answer to these."""
        ...

    def back(self, plane: Array, hw: HW) -> Array:
        """Any of its planes (1, c, h, w) at the size (1, c, *hw) of the photo that it saw whole."""
        ...


class DIM:
    """Deep Image Matting: one input of four channels, no colours."""

    inputs: tuple[str, ...] = prepare_dim.INPUTS
    heads: Mapping[str, int] = {"alpha": 1}
    multiple_of = prepare_dim.MULTIPLE_OF

    def show(self, view: View) -> Planes:
        return prepare_dim.published_input(view.rgb, view.hint)

    def read(self, outputs: Mapping[str, Array], view: View) -> Answer:
        return Answer(prepare_dim.published_alpha(outputs["alpha"], view.hint))

    def show_tile(self, view: View) -> Planes:
        return prepare_dim.tile_input(view.rgb, view.hint)

    def read_tile(self, outputs: Mapping[str, Array], view: View) -> Answer:
        return Answer(prepare_dim.tile_alpha(outputs["alpha"], view.hint))

    def back(self, plane: Array, hw: HW) -> Array:
        return resampled(plane, hw)


class FBA:
    """F, B, Alpha: picture and trimap twice each, and colours."""

    inputs: tuple[str, ...] = prepare_fba.INPUTS
    heads: Mapping[str, int] = {"alpha": 1, "foreground": 3, "background": 3}
    multiple_of = prepare_fba.MULTIPLE_OF

    def show(self, view: View) -> Planes:
        return prepare_fba.published_input(view.rgb, view.hint)

    def read(self, outputs: Mapping[str, Array], view: View) -> Answer:
        layers = prepare_fba.published_layers(outputs, view.rgb, view.hint)
        return Answer(layers.alpha, layers.foreground)

    def show_tile(self, view: View) -> Planes:
        wide, inner = view.wide(REACH_PX)
        return prepare_fba.tile_input(view.rgb, view.trimap[wide], inner)

    def read_tile(self, outputs: Mapping[str, Array], view: View) -> Answer:
        layers = prepare_fba.tile_layers(outputs, view.rgb, view.hint)
        return Answer(layers.alpha, layers.foreground)

    def back(self, plane: Array, hw: HW) -> Array:
        return resampled(plane, hw)


class MatteFormer:
    """MatteFormer: a one-hot trimap and a border all round, mirrored where the photo ends, no colours."""

    inputs: tuple[str, ...] = prepare_matteformer.INPUTS
    heads: Mapping[str, int] = {"alpha": 1}
    multiple_of = prepare_matteformer.MULTIPLE_OF

    def show(self, view: View) -> Planes:
        return prepare_matteformer.published_input(view.rgb, view.hint)

    def read(self, outputs: Mapping[str, Array], view: View) -> Answer:
        return Answer(prepare_matteformer.published_alpha(outputs, view.hint))

    def show_tile(self, view: View) -> Planes:
        wide, inner = view.wide(prepare_matteformer.BORDER_PX)
        return prepare_matteformer.tile_input(seen_part(view.picture, wide), view.trimap[wide], inner)

    def read_tile(self, outputs: Mapping[str, Array], view: View) -> Answer:
        return self.read(outputs, view)

    def back(self, plane: Array, hw: HW) -> Array:
        return prepare_matteformer.without_border(plane, hw)


PROCEDURES: tuple[Procedure, ...] = (FBA(), MatteFormer(), DIM())


def takes_trimap(contract: Contract) -> bool:
    """Whether there is a procedure for the contract's inputs."""
    return any(procedure.inputs == contract.inputs for procedure in PROCEDURES)


def procedure_of(contract: Contract) -> Procedure:
    """The procedure for the contract's inputs.  Raises InputError where there is none."""
    for procedure in PROCEDURES:
        if procedure.inputs == contract.inputs:
            return procedure
    known = ", or ".join(" and ".join(procedure.inputs) for procedure in PROCEDURES)
    raise InputError(
        f"the network asks for {' and '.join(contract.inputs)}; this version can give a trimap as {known}; choose "
        "another model"
    )


def resampled(plane: Array, hw: HW) -> Array:
    """(1, c, h, w) -> (1, c, *hw), bilinear."""
    return np.asarray(interpolate(plane[0].transpose(1, 2, 0), hw)).transpose(2, 0, 1)[None]
