"""A photo and its trimap -> alpha and the subject's colours, at the photo's own size.

A small photo goes through the network whole, as its authors do it; a larger one in tiles over the unknown region, one
at a time, so that memory follows the photo's 8 or 16 bits and not its floats. Then, where a card asks for it, alpha is
moved to where the photo's colours put it.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mattelier.errors import WeightsError
from mattelier.image import Array, Float, closed_form
from mattelier.image.colour import to_depth, white
from mattelier.image.geometry import fit_size, resize
from mattelier.image.io import Picture
from mattelier.image.trimap import FOREGROUND, UNKNOWN, from_grey
from mattelier.models.cards import Contract
from mattelier.runtime.background import from_srgb, is_srgb
from mattelier.runtime.prepare import levelled, size_of
from mattelier.runtime.procedures import Answer, Procedure, View, procedure_of
from mattelier.runtime.tiles import Tile, plan, whole

Run = Callable[[dict[str, Array]], dict[str, Array]]  # Engine.run
# Behind a trimap that a network made, which covers much that is no edge, alpha counts so many times more in the polish.
# Chosen on 46 drawn scenes and 41 photos of split val, of 1 to 100; and so was the mean with that network's own alpha.
LEARNED_FACTOR = 10
INVISIBLE = 1 / 510  # half a step of 8 bits: nearer to 0 or 1 than this is exactly that, as in refine.upsample_alpha
_STRIP_PX = 256


def refine(
    contract: Contract, run: Run, picture: Picture, trimap: Array, first: Float | None = None
) -> tuple[Float, Array | None]:
    """alpha (H, W) float32 [0, 1] and colours (H, W, 3) in the photo's type and space, None where none are found.

    trimap: (H, W) uint8 {0, 128, 255}. What it knows is exactly 0 or 1. The colours are the network's where
    0 < alpha < 1, and the photo's own samples, bit for bit, everywhere else. A polish moves alpha away from what the
    network found its colours with: those estimated from the new alpha are nearer (docs/models/fba.md), so None.
    contract.longest_px: the longest side that the network is given at once.
    first: alpha (H, W) of the network whose doubt became the trimap; a card with a polish hears both there.
    Raises InputError when the network asks for inputs that nobody here makes, WeightsError for what is no answer.
    """
    procedure = procedure_of(contract)
    hw = (trimap.shape[0], trimap.shape[1])
    unknown = trimap == UNKNOWN
    with_colours = "foreground" in procedure.heads and not contract.polish
    canvas = Canvas(picture, trimap, with_colours, contract.polish)
    if max(hw) > contract.longest_px:
        for tile in plan(unknown, contract.longest_px, contract.reach_px, procedure.multiple_of):
            view = View(picture, trimap, tile.shown)
            outputs = _levelled(contract, _answer(procedure, run, procedure.show_tile(view)))
            canvas.lay(tile, view, procedure.read_tile(outputs, view))
    elif unknown.any():
        view = View(picture, trimap, whole(hw).shown)
        outputs = _levelled(contract, _answer(procedure, run, procedure.show(view)))
        canvas.lay(whole(hw), view, procedure.read(outputs, view))
    return canvas.finished(first)


def heads(contract: Contract, run: Run, picture: Picture, trimap: Array) -> dict[str, Array]:
    """All that the network says of the photo seen whole, (1, c, h, w) by name, for looking at.

    A photo larger than contract.longest_px is shrunk to it first, and its trimap with it. What the trimap knows is put
    back into every plane of alpha, as the published procedures do; the contract's levels are not applied.
    Raises as `refine` does.
    """
    procedure = procedure_of(contract)
    picture = shrunk(picture, contract.longest_px)
    hw = size_of(picture)
    trimap = shrunk_trimap(trimap, hw)
    view = View(picture, trimap, whole(hw).shown)
    outputs = _answer(procedure, run, procedure.show(view))
    planes = {name: procedure.back(plane, hw) for name, plane in outputs.items()}
    known = (trimap / 255).astype(np.float32)
    return {
        name: np.where(trimap == UNKNOWN, plane, known) if plane.shape[1] == 1 else plane
        for name, plane in planes.items()
    }


def shrunk(picture: Picture, longest_px: int) -> Picture:
    """The photo so small that its longer side is at most longest_px; the same one where it is."""
    if max(size_of(picture)) <= longest_px:
        return picture
    hw = fit_size(size_of(picture), longest_px)
    alpha = None if picture.alpha is None else resize(picture.alpha, hw, "area")
    return replace(picture, pixels=resize(picture.pixels, hw, "area"), alpha=alpha)


def shrunk_trimap(trimap: Array, hw: tuple[int, int]) -> Array:
    """A trimap at the size of a shrunk photo: a pixel is known only where all that it is made of is known alike."""
    return trimap if trimap.shape == hw else from_grey(resize(trimap, hw, "area"))


def _answer(procedure: Procedure, run: Run, inputs: dict[str, Float]) -> dict[str, Array]:
    """The network's heads, checked."""
    outputs = run(inputs)
    hw = next(iter(inputs.values())).shape[2:]
    for name, channels in procedure.heads.items():
        plane = outputs.get(name)
        if plane is None or plane.shape != (1, channels, *hw) or not np.isfinite(plane).all():
            found = "nothing" if plane is None else f"shape {plane.shape}, or not all of it numbers"
            raise WeightsError(
                f"the network answered {found} for {name}; expected (1, {channels}, {hw[0]}, {hw[1]}) in [0, 1]; "
                "check its card with: matte models verify"
            )
    return outputs


def _levelled(contract: Contract, outputs: dict[str, Array]) -> dict[str, Array]:
    return {**outputs, "alpha": levelled(outputs["alpha"], contract)}


class Canvas:
    """What the tiles have answered so far; nothing as large as the photo is float but alpha."""

    def __init__(self, picture: Picture, trimap: Array, with_colours: bool, weight: float) -> None:
        self._picture = picture
        self._trimap = trimap
        self._weight = weight  # of alpha in the polish; 0: none
        self._alpha = (trimap == FOREGROUND).astype(np.float32)
        self._foreground = picture.pixels.copy() if with_colours else None
        self._laid = np.zeros(trimap.shape, np.uint8)  # sum of the weights: four tiles of at most 16 fit into it

    def lay(self, tile: Tile, view: View, answer: Answer) -> None:
        """Join a tile's answer to its neighbours': a running weighted mean over its unknown pixels.

        view: what the network was shown; answer: what it said of it, of the same size.
        """
        area, inner = tile.answered, tile.inner
        unknown = self._trimap[area] == UNKNOWN
        self._laid[area] += tile.weights
        share = (tile.weights[unknown] / self._laid[area][unknown]).astype(np.float32)
        alpha = self._alpha[area]  # a view of it
        alpha[unknown] += share * (answer.alpha[inner][unknown] - alpha[unknown])
        if self._foreground is not None and answer.foreground is not None:
            samples, profile = self._picture.pixels[area], self._picture.profile
            found = moved(samples, view.rgb[inner], answer.foreground[inner], profile)
            colours = self._foreground[area]
            mixed = (1 - share[:, None]) * colours[unknown] + share[:, None] * found[unknown]
            colours[unknown] = np.rint(mixed).astype(colours.dtype)

    def finished(self, first: Float | None) -> tuple[Float, Array | None]:
        """alpha and colours; what nobody could tell from 0 or 1 is that, and there the photo's samples are back."""
        pixels = self._picture.pixels
        if self._weight:
            heard, factor = (self._alpha, 1) if first is None else ((self._alpha + first) / 2, LEARNED_FACTOR)
            self._alpha = closed_form.polish(heard, self._trimap, pixels, factor * self._weight)
        for top in range(0, len(self._alpha), _STRIP_PX):
            rows = slice(top, top + _STRIP_PX)
            alpha = self._alpha[rows]
            alpha[alpha < INVISIBLE] = 0
            alpha[alpha > 1 - INVISIBLE] = 1
            if self._foreground is not None:
                certain = (alpha == 0) | (alpha == 1)
                np.copyto(self._foreground[rows], pixels[rows], where=certain[..., None])
        return self._alpha, self._foreground


def moved(pixels: Array, seen: Array, foreground: Float, profile: bytes | None) -> Float:
    """The subject's colours in the photo's space, (h, w, 3) float32 in the range of its type.

    pixels: the photo's samples; seen: their uint8 sRGB copy; foreground: the network's answer to that, [0, 1].

    The samples are moved by what the network moved its copy by, brought to the photo's space. Converting the answer
    itself would cut 16 bits to 8 and a wide gamut to sRGB's; its *difference* from the copy is zero, and the sample
    untouched, wherever the network found no background to take out.
    """
    if is_srgb(profile):
        step = foreground - to_depth(seen, np.float32)
    else:
        step = to_depth(from_srgb(to_depth(foreground, np.uint8), profile), np.float32)
        step = step - to_depth(from_srgb(seen, profile), np.float32)
    high = np.float32(white(pixels.dtype))
    samples: Float = np.clip(pixels + step * high, 0, high, dtype=np.float32)
    return samples
