"""Trimap systems as they ship: what a paper brought does something in the trained network, and for the better.

The scenes are drawn, of the test stream, which no training saw.
"""

from collections.abc import Callable

import numpy as np
import pytest

from mattelier.data.proving import scenes
from mattelier.evaluate.metrics import gradient, mad
from mattelier.image import Array, Float
from mattelier.image.trimap import UNKNOWN
from mattelier.runtime import prepare_dim, prepare_matteformer

torch = pytest.importorskip("torch")

KINDS, SEED, SIZE_PX = ("hair", "fur", "leaf", "rings", "product", "defocus"), 77, 256
Measure = Callable[[Array, Array, Array], float]


@pytest.fixture(scope="module")
def drawn() -> list[dict[str, Array]]:
    made = scenes.testing(KINDS, 2 * len(KINDS), SEED, SIZE_PX, trimap="matteformer")
    return [scene.make().planes for scene in made]


def require_better(
    planes: list[dict[str, Array]], measure: Measure, change: float, better: list[Float], worse: list[Float]
) -> None:
    """The two alphas of every scene differ by `change` in its unknown region, and the first is nearer to the truth."""
    hints = [each["trimap"] for each in planes]
    for one, other, hint in zip(better, worse, hints, strict=True):
        assert np.abs(one - other)[hint == UNKNOWN].mean() > change
    errors = [
        np.mean([measure(alpha, each["alpha"], each["trimap"]) for alpha, each in zip(alphas, planes, strict=True)])
        for alphas in (better, worse)
    ]
    assert errors[0] < errors[1]


def test_prior_tokens_tell_matteformer_what_its_windows_cannot_see(drawn: list[dict[str, Array]]) -> None:
    from mattelier.train.starts import of_card

    net = of_card("matteformer-lite")

    def alpha_of(planes: dict[str, Array], priors: bool) -> Float:
        net.priors = priors
        inputs = prepare_matteformer.published_input(planes["images"], planes["trimap"])
        with torch.inference_mode():
            heads = net(*(torch.from_numpy(inputs[name]) for name in prepare_matteformer.INPUTS))
        return prepare_matteformer.published_alpha({"alpha": heads["alpha"].numpy()}, planes["trimap"])

    require_better(drawn, mad, 0.005, *([alpha_of(planes, priors) for planes in drawn] for priors in (True, False)))


def test_refinement_sharpens_what_dims_first_stage_finds(drawn: list[dict[str, Array]]) -> None:
    """By little: with skips to full size, which the paper's network has not, the first stage is sharp already."""
    from mattelier.train.starts import of_card

    net = of_card("dim-lite")

    def alpha_of(planes: dict[str, Array], head: str) -> Float:
        inputs = prepare_dim.published_input(planes["images"], planes["trimap"])
        with torch.inference_mode():
            heads = net(torch.from_numpy(inputs["x"]))
        return prepare_dim.published_alpha(heads[head].numpy(), planes["trimap"])

    require_better(
        drawn, gradient, 0.0002, *([alpha_of(planes, head) for planes in drawn] for head in ("alpha", "coarse"))
    )
