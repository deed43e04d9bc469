"""FBA's losses: alpha, foreground and background, each alone and laid together.

Forte and Pitie, "F, B, Alpha Matting", 2020 (https://arxiv.org/abs/2003.07711), section 3.3; its gradient term is left
out, as its authors recommend since. Training code was never released. The paper sums over pixels; here every sum is
divided by the number of pixels (by the number of weighed ones where a weight is given), so that crops of any size count
alike; colours are means over their three channels.

What a sample holds, all float32: image (3, H, W) in 0..1; alpha (1, H, W); trimap (1, H, W) of 0, 0.5 and 1;
foreground and background (3, H, W), straight colours of the composite *on every pixel*: a cut-out's colours must be
carried on under its transparent pixels, or F learns whatever colour lies there. Where they are unknown (a photo with a
matte) `known` (1, H, W) is 0 and nothing is asked of F and B but to explain the picture.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

COLOUR_WEIGHT = 0.25  # of all F and B terms beside alpha's
LEVELS = 5
BINOMIAL = (1.0, 4.0, 6.0, 4.0, 1.0)  # over 16, in rows and in columns


def total_fba(
    predicted: dict[str, Tensor],
    image: Tensor,
    alpha: Tensor,
    foreground: Tensor,
    background: Tensor,
    trimap: Tensor,
    known: Tensor | None = None,
) -> dict[str, Tensor]:
    """The paper's objective, over the whole picture.

    predicted: alpha (B, 1, H, W), foreground and background (B, 3, H, W), after fusion.  known: (B, 1, H, W), how far
    foreground and background are true; None: everywhere.  trimap is not read: the paper counts all pixels alike.
    """
    return _total(predicted, image, alpha, foreground, background, torch.ones_like(trimap), known)


def total_fba_lite(
    predicted: dict[str, Tensor],
    image: Tensor,
    alpha: Tensor,
    foreground: Tensor,
    background: Tensor,
    trimap: Tensor,
    known: Tensor | None = None,
) -> dict[str, Tensor]:
    """The same terms over the unknown region alone (ours): known pixels are put back after the network.

    With a narrow band a mean over the whole picture leaves alpha a few hundredths of the sum, and colours that nobody
    can see, of the subject far outside it and of the background behind it, most of the rest.
    """
    unknown = (trimap == 0.5).to(alpha.dtype)
    forced = predicted | {"alpha": torch.where(unknown > 0, predicted["alpha"], alpha)}
    seen = unknown if known is None else known * unknown
    return _total(forced, image, alpha, foreground, background, unknown, seen)


def _total(
    predicted: dict[str, Tensor],
    image: Tensor,
    alpha: Tensor,
    foreground: Tensor,
    background: Tensor,
    region: Tensor,
    known: Tensor | None,
) -> dict[str, Tensor]:
    known = torch.ones_like(alpha) if known is None else known
    a, f, b = predicted["alpha"], predicted["foreground"], predicted["background"]
    # true colours with the predicted alpha, then the true alpha with predicted colours: each is judged alone
    parts = {
        "alpha_l1": mean_over((a - alpha).abs(), region),
        "alpha_composition": mean_over(composition(image, a, foreground, background), region * known),
        "alpha_laplacian": laplacian(a, alpha, region),
        "colour_l1": mean_over((f - foreground).abs() + (b - background).abs(), known),
        "colour_composition": composition(image, alpha, f, b).mean(),
        "colour_laplacian": laplacian(f, foreground, known) + laplacian(b, background, known),
        "exclusion": exclusion(f, b),
    }
    weights = {name: 1.0 if name.startswith("alpha") else COLOUR_WEIGHT for name in parts}
    return parts | {"total": torch.stack([weights[name] * part for name, part in parts.items()]).sum()}


def composition(image: Tensor, alpha: Tensor, foreground: Tensor, background: Tensor) -> Tensor:
    """|C - alpha F - (1 - alpha) B|, pixel by pixel: (B, 3, H, W)."""
    return (image - alpha * foreground - (1.0 - alpha) * background).abs()


def exclusion(foreground: Tensor, background: Tensor) -> Tensor:
    """Mean of |dF| |dB|: an edge belongs to one of the two layers, not to both.

    |d| is the sum of the absolute forward differences in x and y, channel by channel.
    """
    return (steepness(foreground) * steepness(background)).mean()


def steepness(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, H - 1, W - 1)."""
    corner = x[..., :-1, :-1]
    return (x[..., :-1, 1:] - corner).abs() + (x[..., 1:, :-1] - corner).abs()


def laplacian(predicted: Tensor, target: Tensor, region: Tensor, levels: int = LEVELS) -> Tensor:
    """Sum over s = 1..levels of 2^(s-1) |Lap_s(predicted) - Lap_s(target)|, over the pixels of region (B, 1, H, W).

    Lap_s is level s of a Laplacian pyramid, each half the size of the one before; its sum is divided by the number of
    full-size pixels, so a level weighs half of the one before it, as in the paper's sums.  The pyramid is linear: one
    of the difference is the difference of two.  What lies outside the region enters it as no difference.
    """
    difference = (predicted - target) * region
    pixels = region.sum() * difference.shape[1]
    total = difference.new_zeros(())
    for level in range(levels):
        if min(difference.shape[-2:]) < 3:  # a crop too small for more
            break
        smaller = blur(difference)[..., ::2, ::2]
        total = total + 2.0**level * (difference - expand(smaller, difference)).abs().sum()
        difference = smaller
    return total / pixels.clamp(min=1.0)


def expand(smaller: Tensor, like: Tensor) -> Tensor:
    """Back to the size of like: each value at its old place, nothing between, and blurred to four times the mean."""
    spread = torch.zeros_like(like)
    spread[..., ::2, ::2] = smaller
    return 4.0 * blur(spread)


def blur(x: Tensor) -> Tensor:
    """5x5 binomial filter of every channel; edges mirrored, which keeps the places of `expand` in step."""
    channels = x.shape[1]
    row = torch.tensor(BINOMIAL, dtype=x.dtype, device=x.device) / 16.0
    padded = F.pad(x, (2, 2, 2, 2), mode="reflect")
    wide = F.conv2d(padded, row.view(1, 1, 1, 5).expand(channels, 1, 1, 5), groups=channels)
    return F.conv2d(wide, row.view(1, 1, 5, 1).expand(channels, 1, 5, 1), groups=channels)


def mean_over(error: Tensor, weight: Tensor) -> Tensor:
    """Mean of error (B, C, H, W) weighed by (B, 1, H, W); 0 where nothing is weighed."""
    return (error * weight).sum() / (weight.sum() * error.shape[1]).clamp(min=1.0)
