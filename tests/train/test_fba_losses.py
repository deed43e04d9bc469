"""FBA's losses by hand, and sixty steps of the lite network on four fixed composites."""

import numpy as np
import pytest
import torch
from torch import Tensor

from mattelier.image.trimap_encoding import distance_maps
from mattelier.models import build
from mattelier.runtime.prepare_fba import MEAN, STD
from mattelier.train import fba_losses as losses

HW = (24, 40)


def planes(seed: int = 0) -> dict[str, Tensor]:
    """A truth that explains its picture exactly."""
    generator = torch.Generator().manual_seed(seed)
    alpha = torch.rand(2, 1, *HW, generator=generator, dtype=torch.float64)
    f, b = (torch.rand(2, 3, *HW, generator=generator, dtype=torch.float64) for _ in range(2))
    return {"image": alpha * f + (1 - alpha) * b, "alpha": alpha, "foreground": f, "background": b}


def heads(truth: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: truth[name].clone() for name in ("alpha", "foreground", "background")}


@pytest.mark.parametrize("total", [losses.total_fba, losses.total_fba_lite])
def test_the_truth_costs_its_exclusion_only(total) -> None:
    truth = planes()
    trimap = torch.full_like(truth["alpha"], 0.5)
    parts = total(heads(truth), **truth, trimap=trimap)
    assert all(value.item() == pytest.approx(0, abs=1e-12) for name, value in parts.items() if name not in
               ("exclusion", "total"))  # fmt: skip
    assert parts["total"].item() == pytest.approx(0.25 * parts["exclusion"].item())


def test_totals_weigh_alpha_once_and_colours_a_quarter() -> None:
    truth = planes()
    parts = losses.total_fba(heads(planes(1)), **truth, trimap=torch.full_like(truth["alpha"], 0.5))
    alpha = sum(value for name, value in parts.items() if name.startswith("alpha"))
    colours = sum(value for name, value in parts.items() if name.startswith("colour")) + parts["exclusion"]
    assert parts["total"].item() == pytest.approx((alpha + 0.25 * colours).item())
    assert len(parts) == 8 and all(value > 0 for value in parts.values())


def test_l1_and_composition_by_hand() -> None:
    zero, one = torch.zeros(1, 1, 3, 3), torch.ones(1, 1, 3, 3)
    colours = {"foreground": torch.ones(1, 3, 3, 3), "background": torch.zeros(1, 3, 3, 3)}
    predicted = {"alpha": zero + 0.25, "foreground": colours["foreground"] - 0.5, "background": colours["background"]}
    parts = losses.total_fba(predicted, torch.zeros(1, 3, 3, 3) + 0.5, zero + 0.5, **colours, trimap=one)
    assert parts["alpha_l1"].item() == pytest.approx(0.25)
    assert parts["alpha_composition"].item() == pytest.approx(0.25)  # 0.5 - 0.25 * 1
    assert parts["colour_l1"].item() == pytest.approx(0.5)
    assert parts["colour_composition"].item() == pytest.approx(0.25)  # 0.5 - 0.5 * 0.5
    assert parts["exclusion"].item() == 0


def test_exclusion_by_hand() -> None:
    step = torch.zeros(1, 3, 4, 4)
    step[..., 2:] = 1.0
    assert losses.exclusion(step, torch.rand(1, 3, 1, 1).expand(1, 3, 4, 4)).item() == 0
    # one of three columns of differences has a step in both
    assert losses.exclusion(step, 0.5 * step).item() == pytest.approx(0.5 / 3)


def pyramid(x: np.ndarray, levels: int) -> list[np.ndarray]:
    """A Laplacian pyramid, the slow way: mirrored 5x5 binomial, every second pixel, zeros between and four times it."""
    kernel = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256

    def smooth(plane: np.ndarray) -> np.ndarray:
        padded = np.pad(plane, 2, mode="reflect")
        return np.array(
            [[(padded[y : y + 5, x : x + 5] * kernel).sum() for x in range(plane.shape[1])]
             for y in range(plane.shape[0])]
        )  # fmt: skip

    result = []
    for _ in range(levels):
        small = smooth(x)[::2, ::2]
        spread = np.zeros_like(x)
        spread[::2, ::2] = small
        result.append(x - 4 * smooth(spread))
        x = small
    return result


def test_laplacian_equals_two_pyramids_built_slowly() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 25, 38))
    expected = sum(
        2**s * np.abs(x - y).sum() for s, (x, y) in enumerate(zip(pyramid(a, 3), pyramid(b, 3), strict=True))
    )
    one = torch.ones(1, 1, 25, 38, dtype=torch.float64)
    result = losses.laplacian(torch.from_numpy(a)[None, None], torch.from_numpy(b)[None, None], one, levels=3)
    assert result.item() == pytest.approx(expected / a.size, rel=1e-9)


def test_laplacian_does_not_see_a_constant() -> None:
    one = torch.ones(1, 1, 48, 64, dtype=torch.float64)
    assert losses.laplacian(0.3 * one, 0.8 * one, one).item() == pytest.approx(0, abs=1e-12)
    assert losses.laplacian(torch.rand_like(one), one, one).item() > 0.1


def test_lite_total_judges_the_unknown_region_only() -> None:
    truth = planes()
    trimap = torch.zeros_like(truth["alpha"])
    trimap[..., :8] = 0.5
    predicted = heads(truth)
    predicted["alpha"][..., 8:] = 0.0
    predicted["foreground"][..., 8:] += 0.2
    parts = losses.total_fba_lite(predicted, **truth, trimap=trimap)
    judged = ("alpha_l1", "alpha_laplacian", "alpha_composition", "colour_l1", "colour_laplacian")
    assert all(parts[name].item() == pytest.approx(0, abs=1e-12) for name in judged)
    predicted["alpha"][..., :8] += 0.1
    predicted["foreground"][..., :8] += 0.2
    parts = losses.total_fba_lite(predicted, **truth, trimap=trimap)
    assert parts["alpha_l1"].item() == pytest.approx(0.1)
    assert parts["colour_l1"].item() == pytest.approx(0.2)
    full = losses.total_fba(predicted, **truth, trimap=trimap)
    assert full["alpha_l1"].item() > parts["alpha_l1"].item()


def test_unknown_colours_are_not_judged() -> None:
    truth = planes()
    known = torch.tensor([1.0, 0.0], dtype=torch.float64)[:, None, None, None].expand_as(truth["alpha"])
    trimap = torch.full_like(truth["alpha"], 0.5)
    predicted = heads(truth)
    predicted["foreground"][1] = 0.0
    parts = losses.total_fba(predicted, **truth, trimap=trimap, known=known)
    assert parts["colour_l1"].item() == parts["colour_laplacian"].item() == 0
    assert parts["colour_composition"].item() > 0  # the picture still has to be explained
    nothing = losses.total_fba(predicted, **truth, trimap=trimap, known=torch.zeros_like(known))
    assert all(torch.isfinite(value) for value in nothing.values())


def composites(side: int = 64) -> list[dict[str, Tensor]]:
    """Four soft discs, each of one texture over another."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:side, :side] / side
    result = []
    for number in range(4):
        distance = np.hypot(y - rng.uniform(0.4, 0.6), x - rng.uniform(0.4, 0.6))
        alpha = np.clip((0.32 - distance) / rng.uniform(0.1, 0.25) + 0.5, 0, 1)
        f, b = (
            colour[:, None, None] * (0.75 + 0.25 * np.sin(rng.uniform(10, 40) * (x + number * y)))
            for colour in rng.uniform(0.1, 1.0, (2, 3))
        )
        two_chan = np.stack((alpha == 0, alpha == 1), -1).astype(np.float32)
        sample = {
            "image": alpha * f + (1 - alpha) * b, "alpha": alpha[None], "foreground": f, "background": b,
            "trimap": np.where(alpha == 0, 0.0, np.where(alpha == 1, 1.0, 0.5))[None],
            "two_chan": two_chan.transpose(2, 0, 1), "transformed": distance_maps(two_chan),
        }  # fmt: skip
        result.append({name: torch.from_numpy(array).float()[None] for name, array in sample.items()})
    return result


def test_sixty_steps_on_four_composites_halve_the_loss() -> None:
    torch.manual_seed(0)
    network, samples = build("fba", lite=True).train(), composites()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    history = []
    for step in range(60):
        s = samples[step % 4]
        predicted = network(s["image"], s["two_chan"], (s["image"] - mean) / std, s["transformed"])
        truth = {name: s[name] for name in ("image", "alpha", "foreground", "background", "trimap")}
        loss = losses.total_fba_lite(predicted, **truth)["total"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        history.append(loss.item())
    assert np.mean(history[-4:]) <= 0.5 * np.mean(history[:4])
