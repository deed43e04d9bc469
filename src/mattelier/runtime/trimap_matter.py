"""A photo and its trimap -> alpha and the subject's colours, at the photo's own size.

A small photo goes through the network whole, as FBA's authors do it; a larger one in tiles over the unknown region, one
at a time, so that memory follows the photo's 8 or 16 bits and not its floats.
"""

from collections.abc import Callable

import numpy as np

from mattelier.errors import InputError, WeightsError
from mattelier.image import Array, Float
from mattelier.image.colour import to_depth, white
from mattelier.image.io import Picture
from mattelier.image.trimap import FOREGROUND, UNKNOWN
from mattelier.image.trimap_encoding import REACH_PX
from mattelier.models.cards import Contract
from mattelier.runtime import prepare_fba
from mattelier.runtime.background import from_srgb, is_srgb
from mattelier.runtime.prepare import levelled, seen_part
from mattelier.runtime.prepare_fba import Layers
from mattelier.runtime.tiles import Tile, around, plan, whole

Run = Callable[[dict[str, Array]], dict[str, Array]]  # Engine.run
INVISIBLE = 1 / 510  # half a step of 8 bits: nearer to 0 or 1 than this is exactly that, as in refine.upsample_alpha
_STRIP_PX = 256


def refine(contract: Contract, run: Run, picture: Picture, trimap: Array) -> tuple[Float, Array]:
    """alpha (H, W) float32 [0, 1] and colours (H, W, 3) in the photo's type and space.

    trimap: (H, W) uint8 {0, 128, 255}. What it knows is exactly 0 or 1. The colours are the network's where
    0 < alpha < 1, and the photo's own samples, bit for bit, everywhere else.
    contract.longest_px: the longest side that the network is given at once.
    Raises InputError when the network asks for something else than FBA's inputs, WeightsError for what is no answer.
    """
    if contract.inputs != prepare_fba.INPUTS:
        raise InputError(
            f"the network asks for {', '.join(contract.inputs)}; this version can give a trimap as "
            f"{', '.join(prepare_fba.INPUTS)} only; choose another model"
        )
    hw = (trimap.shape[0], trimap.shape[1])
    unknown = trimap == UNKNOWN
    canvas = Canvas(picture, trimap)
    if max(hw) > contract.longest_px:
        for tile in plan(unknown, contract.longest_px, contract.reach_px, prepare_fba.MULTIPLE_OF):
            canvas.lay(tile, *_part(contract, run, picture, trimap, tile))
    elif unknown.any():
        canvas.lay(whole(hw), *_all(contract, run, picture, trimap))
    return canvas.finished()


def _all(contract: Contract, run: Run, picture: Picture, trimap: Array) -> tuple[Array, Layers]:
    """What the network saw, (H, W, 3) uint8 sRGB, and its answer: the published procedure."""
    rgb = seen_part(picture, whole(trimap.shape[:2]).shown)
    inputs = prepare_fba.published_input(rgb, trimap)
    return rgb, prepare_fba.published_layers(_answer(contract, run, inputs), rgb, trimap)


def _part(contract: Contract, run: Run, picture: Picture, trimap: Array, tile: Tile) -> tuple[Array, Layers]:
    """The same of one tile."""
    rgb = seen_part(picture, tile.shown)
    wide, inner = around(tile.shown, REACH_PX, trimap.shape[:2])
    inputs = prepare_fba.tile_input(rgb, trimap[wide], inner)
    return rgb, prepare_fba.tile_layers(_answer(contract, run, inputs), rgb, trimap[tile.shown])


def _answer(contract: Contract, run: Run, inputs: dict[str, Float]) -> dict[str, Array]:
    """The network's heads, checked, the contract's levels applied to alpha."""
    outputs = run(inputs)
    hw = inputs["image"].shape[2:]
    for name, channels in (("alpha", 1), ("foreground", 3), ("background", 3)):
        plane = outputs.get(name)
        if plane is None or plane.shape != (1, channels, *hw) or not np.isfinite(plane).all():
            found = "nothing" if plane is None else f"shape {plane.shape}, or not all of it numbers"
            raise WeightsError(
                f"the network answered {found} for {name}; expected (1, {channels}, {hw[0]}, {hw[1]}) in [0, 1]; "
                "check its card with: matte models verify"
            )
    return {**outputs, "alpha": levelled(outputs["alpha"], contract)}


class Canvas:
    """What the tiles have answered so far; nothing as large as the photo is float but alpha."""

    def __init__(self, picture: Picture, trimap: Array) -> None:
        self._picture = picture
        self._trimap = trimap
        self._alpha = (trimap == FOREGROUND).astype(np.float32)
        self._colours = picture.pixels.copy()
        self._laid = np.zeros(trimap.shape, np.uint8)  # sum of the weights: four tiles of at most 16 fit into it

    def lay(self, tile: Tile, seen: Array, layers: Layers) -> None:
        """Join a tile's answer to its neighbours': a running weighted mean over its unknown pixels.

        seen: (h, w, 3) uint8 sRGB, what the network was shown; layers: what it answered, of the same size.
        """
        area, inner = tile.answered, tile.inner
        unknown = self._trimap[area] == UNKNOWN
        self._laid[area] += tile.weights
        share = (tile.weights[unknown] / self._laid[area][unknown]).astype(np.float32)
        alpha, colours = self._alpha[area], self._colours[area]  # views
        alpha[unknown] += share * (layers.alpha[inner][unknown] - alpha[unknown])
        found = moved(self._picture.pixels[area], seen[inner], layers.foreground[inner], self._picture.profile)
        mixed = (1 - share[:, None]) * colours[unknown] + share[:, None] * found[unknown]
        colours[unknown] = np.rint(mixed).astype(colours.dtype)

    def finished(self) -> tuple[Float, Array]:
        """alpha and colours; what nobody could tell from 0 or 1 is that, and there the photo's samples are back."""
        for top in range(0, len(self._alpha), _STRIP_PX):
            rows = slice(top, top + _STRIP_PX)
            alpha = self._alpha[rows]
            alpha[alpha < INVISIBLE] = 0
            alpha[alpha > 1 - INVISIBLE] = 1
            certain = (alpha == 0) | (alpha == 1)
            np.copyto(self._colours[rows], self._picture.pixels[rows], where=certain[..., None])
        return self._alpha, self._colours


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
