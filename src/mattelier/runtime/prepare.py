"""A card's contract -> what its network is fed, and back."""

import numpy as np

from mattelier.errors import InputError, WeightsError
from mattelier.image import Array, Float
from mattelier.image.colour import to_depth, to_srgb
from mattelier.image.composite import over
from mattelier.image.geometry import fit_size, resize
from mattelier.image.io import Picture
from mattelier.image.refine import CERTAIN, upsample_alpha
from mattelier.image.regions import without_ghosts
from mattelier.models.cards import Contract
from mattelier.models.tokenizer import Prompts
from mattelier.runtime.options import Quality


def network_copy(contract: Contract, picture: Picture, small: Array | None = None) -> Array:
    """The photo as the network sees it: (h, w, 3) uint8 sRGB, the size the contract asks for.

    A photo that is transparent in places is seen on white, as most viewers show it.
    small: what `shrink` gives, where someone has it already; None makes it.
    """
    small = shrink(contract, picture.pixels) if small is None else small
    opacity = None if picture.alpha is None else small_alpha(picture.alpha, (small.shape[0], small.shape[1]))
    return _seen(small, opacity, picture.profile)


def seen_part(picture: Picture, area: tuple[slice, slice]) -> Array:
    """A part of the photo as a network sees it at the photo's own size: (h, w, 3) uint8 sRGB, on white."""
    opacity = None if picture.alpha is None else to_depth(picture.alpha[area], np.float32)
    return _seen(picture.pixels[area], opacity, picture.profile)


def _seen(pixels: Array, opacity: Float | None, profile: bytes | None) -> Array:
    seen = to_srgb(pixels, profile)
    return seen if opacity is None else over(seen, np.full(3, 255, np.uint8), opacity)


def shrink(contract: Contract, pixels: Array) -> Array:
    """The photo's own samples, averaged to the size the contract asks for: (h, w, 3), dtype kept."""
    hw = fit_size((pixels.shape[0], pixels.shape[1]), contract.longest_px, contract.multiple_of)
    return resize(pixels, hw, "area")


def small_alpha(alpha: Array, hw: tuple[int, int]) -> Float:
    """The file's own alpha at the network's size: (h, w) float32 [0, 1]."""
    return to_depth(resize(alpha, hw, "area"), np.float32)


def network_input(contract: Contract, copy: Array, words: Prompts | None = None) -> dict[str, Array]:
    """(h, w, 3) uint8 sRGB -> {"image": (1, 3, h, w) float32}, scaled and normalised as the contract says.

    words: tokens and mask beside it, for a network that reads.  Raises InputError for a network that asks for more.
    """
    told = {} if words is None else {"tokens": words.tokens, "mask": words.mask}
    if contract.inputs != ("image", *told):
        raise InputError(
            f"the network asks for {', '.join(contract.inputs)}; this version can give it "
            f"{', '.join(('image', *told))} here; choose another model"
        )
    # (value / 255 * scale - mean) / std as one product and one sum, channel by channel
    std = np.asarray(contract.std, np.float32)
    gain = np.float32(contract.scale / 255) / std
    shift = np.asarray(contract.mean, np.float32) / std
    planes = copy.transpose(2, 0, 1).astype(np.float32)
    return {"image": (planes * gain[:, None, None] - shift[:, None, None])[None], **told}


def restore(contract: Contract, outputs: dict[str, Array], hw: tuple[int, int]) -> Float:
    """The network's answer as alpha: (h, w) float32 [0, 1], levels applied, faint islands without a subject cleared.

    The size needs no way back: both sides were rounded to the contract's multiple, nothing was padded.
    Raises WeightsError when the network answers something else than its card says.
    """
    alpha = outputs["alpha"]
    if alpha.shape != (1, 1, *hw) or not np.isfinite(alpha).all():
        raise WeightsError(
            f"the network answered alpha of shape {alpha.shape}, or not with numbers; "
            f"expected (1, 1, {hw[0]}, {hw[1]}) in [0, 1]; check its card with: matte models verify"
        )
    return without_ghosts(levelled(alpha[0, 0], contract))


def levelled(alpha: Array, contract: Contract) -> Float:
    """A network's alpha, any shape, with what its contract says of its ends: float32 in [0, 1]."""
    low, high = contract.levels
    clipped: Float = np.clip((alpha - low) / (high - low), 0, 1, dtype=np.float32)
    return clipped


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


def size_of(picture: Picture) -> tuple[int, int]:
    """Height and width."""
    return picture.pixels.shape[0], picture.pixels.shape[1]
