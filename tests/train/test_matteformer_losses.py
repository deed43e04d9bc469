"""MatteFormer's losses against the released code and by hand; sixty steps of the lite network on four composites."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mattelier.models import build
from mattelier.models.matteformer import unknown
from mattelier.train import matteformer_losses as losses
from mattelier.train.matteformer_losses import LITE, PUBLISHED, by_trimap, judged, total_matteformer
from mattelier.train.systems import imagenet_normalised, one_hot

OPS = np.load(Path(__file__).parent.parent / "parity" / "matteformer-ops.npz")
STD = torch.tensor((0.229, 0.224, 0.225))[:, None, None]


def stored(name: str) -> Tensor:
    return torch.from_numpy(OPS[f"loss_{name}"]).float()


def test_losses_equal_the_released_code() -> None:
    pred, alpha, weight = stored("pred"), stored("alpha"), stored("weight")
    one = torch.ones_like(weight)
    comp = losses.composition(pred, stored("fg"), stored("bg"), stored("image"), weight)
    for found, name in (
        (losses.regression(pred, alpha, weight), "l1"),
        (losses.regression(pred, alpha, one), "l1_noweight"),
        (comp, "comp"),
        (losses.laplacian(pred, alpha, weight), "lap"),
        (losses.laplacian(pred, alpha, one), "lap_noweight"),
    ):
        assert found.item() == pytest.approx(float(OPS[f"loss_{name}"]), rel=1e-5), name


def test_the_trimaps_unknown_region_equals_the_released_code() -> None:
    one_hot_trimap = torch.from_numpy(OPS["unknown_trimap_onehot"]).float()
    trimap = 0.5 * one_hot_trimap[:, 1:2] + one_hot_trimap[:, 2:]
    assert torch.equal(one_hot(trimap), one_hot_trimap)
    heads = {f"alpha_os{s}": torch.zeros_like(trimap) for s in (8, 4, 1)}
    _planes, weights = judged(heads, trimap, 0, PUBLISHED, np.random.default_rng(0))
    assert torch.equal(weights["os1"], torch.from_numpy(OPS["unknown_weight"])) and weights["os8"].min() == 1
    assert torch.equal(weights["os4"], weights["os1"])


def truth(hw: tuple[int, int] = (32, 48)) -> dict[str, Tensor]:
    """A picture that its layers explain exactly, half of it unknown."""
    made = torch.Generator().manual_seed(0)
    alpha = torch.rand(2, 1, *hw, generator=made, dtype=torch.float64)
    f, b = (torch.rand(2, 3, *hw, generator=made, dtype=torch.float64) for _ in range(2))
    trimap = torch.zeros_like(alpha)
    trimap[..., : hw[1] // 2] = 0.5
    return {
        "image": alpha * f + (1 - alpha) * b, "alpha": alpha, "foreground": f, "background": b,
        "trimap": trimap, "known": torch.ones_like(alpha),
    }  # fmt: skip


def heads(alpha: Tensor, off: float = 0.0) -> dict[str, Tensor]:
    return {f"alpha_os{s}": alpha.clone() + off for s in (8, 4, 1)}


@pytest.mark.parametrize("step", [0, 20_000, 100_000])
def test_the_truth_costs_nothing(step: int) -> None:
    given = truth()
    parts = total_matteformer(heads(given["alpha"]), **given, step=step)
    assert set(parts) == {"rec", "comp", "lap", "total"}
    assert all(value.item() == pytest.approx(0, abs=1e-9) for value in parts.values())


def test_shares_of_the_three_alphas() -> None:
    given = truth()
    for head, share in (("alpha_os1", 0.4), ("alpha_os4", 0.2), ("alpha_os8", 0.2)):
        predicted = heads(given["alpha"])
        predicted[head] = predicted[head] + 0.25
        parts = total_matteformer(predicted, **given, step=0)
        assert parts["rec"].item() == pytest.approx(share * 0.25)
        assert parts["lap"].item() == pytest.approx(0, abs=1e-6)  # a constant has no band
        assert parts["total"].item() == pytest.approx(sum(parts[name].item() for name in ("rec", "comp", "lap")))


def test_finer_alphas_are_not_judged_where_the_trimap_knows() -> None:
    given = truth()
    predicted = heads(given["alpha"])
    for head in ("alpha_os1", "alpha_os4"):
        predicted[head][..., 24:] = 0.5
    assert total_matteformer(predicted, **given, step=0)["rec"].item() == pytest.approx(0, abs=1e-12)


def test_composition_by_hand_in_normalised_colours() -> None:
    one = torch.ones(1, 1, 32, 32, dtype=torch.float64)
    given = {
        "image": 0.5 * one.repeat(1, 3, 1, 1), "alpha": 0.5 * one, "foreground": one.repeat(1, 3, 1, 1),
        "background": torch.zeros(1, 3, 32, 32, dtype=torch.float64), "trimap": 0.5 * one, "known": one,
    }  # fmt: skip
    parts = total_matteformer(heads(0.75 * one), **given, step=0)
    assert parts["comp"].item() == pytest.approx(0.8 * 0.25 * (1 / STD).sum().item(), rel=1e-5)
    photo = total_matteformer(heads(0.75 * one), **given | {"known": 0 * one}, step=0)
    assert photo["comp"].item() == 0 and photo["rec"].item() == pytest.approx(0.2)


def test_the_schedule_goes_from_the_trimap_to_the_networks_own_doubt() -> None:
    tosses = [by_trimap(20_000, PUBLISHED, np.random.default_rng(seed)) for seed in range(200)]
    assert 70 < sum(tosses) < 130
    ends = ((9_999, PUBLISHED, True), (30_000, PUBLISHED, False), (499, LITE, True), (1_500, LITE, False))
    for step, schedule, expected in ends:
        assert {by_trimap(step, schedule, np.random.default_rng(seed)) for seed in range(20)} == {expected}


def test_later_a_finer_alpha_is_judged_where_the_coarser_one_doubts_and_overwritten_elsewhere() -> None:
    os8 = torch.zeros(2, 1, 64, 64)
    os8[:, :, 32, 32] = 0.5
    predicted = {"alpha_os8": os8, "alpha_os4": torch.full_like(os8, 0.25), "alpha_os1": torch.full_like(os8, 0.75)}
    planes, weights = judged(predicted, torch.zeros_like(os8), 50_000, PUBLISHED, np.random.default_rng(3))
    wide, narrow = weights["os4"] > 0, weights["os1"] > 0
    assert wide[:, :, 32, 32].all() and (narrow.sum() >= wide.sum()) and not wide[:, :, :24].any()
    assert wide[0].sum() != wide[1].sum()  # an ellipse for every picture
    assert any(torch.equal(wide[0], unknown(os8[:1], side)[0]) for side in range(1, 30))
    assert torch.equal(planes["os4"], torch.where(wide, 0.25, os8))
    assert torch.equal(planes["os1"], torch.where(narrow, 0.75, planes["os4"]))


def test_a_step_draws_the_same_whenever_it_is_run() -> None:
    given = truth()
    made = torch.Generator().manual_seed(5)
    predicted = {name: torch.rand(x.shape, generator=made).double().round(decimals=1) for name, x in
                 heads(given["alpha"]).items()}  # fmt: skip
    one, two = (total_matteformer(predicted, **given, step=15_000)["total"].item() for _ in range(2))
    assert one == two


def composites(side: int = 32) -> dict[str, Tensor]:
    """Four soft discs, each of one texture over another."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:side, :side] / side
    samples = []
    for number in range(4):
        distance = np.hypot(y - rng.uniform(0.4, 0.6), x - rng.uniform(0.4, 0.6))
        alpha = np.clip((0.32 - distance) / rng.uniform(0.1, 0.25) + 0.5, 0, 1)
        f, b = (
            colour[:, None, None] * (0.75 + 0.25 * np.sin(rng.uniform(10, 40) * (x + number * y)))
            for colour in rng.uniform(0.1, 1.0, (2, 3))
        )
        trimap = np.where(alpha == 0, 0.0, np.where(alpha == 1, 1.0, 0.5))
        planes = {"image": alpha * f + (1 - alpha) * b, "foreground": f, "background": b}
        samples.append(planes | {"alpha": alpha[None], "trimap": trimap[None], "known": np.ones((1, side, side))})
    return {name: torch.from_numpy(np.stack([one[name] for one in samples])).float() for name in samples[0]}


def test_sixty_steps_on_four_composites_halve_every_loss() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network, given = build("matteformer", lite=True).train(), composites()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    history: dict[str, list[float]] = {"rec": [], "comp": [], "lap": [], "total": []}
    for _ in range(60):
        predicted = network(imagenet_normalised(given["image"]), one_hot(given["trimap"]))
        parts = total_matteformer(predicted, **given, step=0)
        optimiser.zero_grad()
        parts["total"].backward()
        optimiser.step()
        for name, values in history.items():
            values.append(parts[name].item())
    for name, values in history.items():
        assert np.mean(values[-4:]) <= 0.5 * np.mean(values[:4]), name
