"""DIM's losses against the numbers of published code, by hand, and on the lite network."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mattelier.evaluate import metrics
from mattelier.models import build
from mattelier.train import dim_losses as losses
from mattelier.train.loop import rest
from mattelier.train.losses import trimap_of
from mattelier.train.recipes import RECIPES
from mattelier.train.systems import SYSTEMS, run_dim

FIXTURE = np.load(Path(__file__).parent.parent / "parity" / "dim_losses.npz")
EXACT = 1e-5  # relative: sums of float32 in another order


def plane(name: str) -> Tensor:
    return torch.from_numpy(FIXTURE[name])


ALPHA, TRIMAP = plane("alpha255") / 255, torch.where(plane("trimap255") == 128, 0.5, plane("trimap255") / 255)
COLOURS = {"image": plane("image") / 255, "foreground": plane("fg") / 255, "background": plane("bg") / 255}
UNKNOWN = losses.in_unknown(TRIMAP)


def heads() -> dict[str, Tensor]:
    return {"coarse": plane("in_pred_mattes").clone(), "alpha": plane("in_pred_alpha").clone()}


def expected(name: str) -> object:
    return pytest.approx(FIXTURE[name].item(), rel=EXACT)


def test_stages_equal_the_published_code() -> None:
    assert FIXTURE["wl_weight"] == losses.ALPHA_SHARE
    first = losses.total_dim(heads(), alpha=ALPHA, trimap=TRIMAP, **COLOURS)
    assert first["alpha"].item() / losses.ALPHA_SHARE == expected("loss_alpha")
    assert first["composition"].item() / (1 - losses.ALPHA_SHARE) == expected("loss_comp")
    assert first["total"].item() == expected("loss_stage1")
    assert losses.total_dim_refine(heads(), ALPHA, TRIMAP)["total"].item() == expected("loss_stage2")
    both = losses.total_dim_both(heads(), alpha=ALPHA, trimap=TRIMAP, **COLOURS)
    assert set(both) == {"alpha", "composition", "refined", "total"} and both["total"].item() == expected("loss_stage3")


def test_gradients_equal_the_published_code() -> None:
    predicted = {name: head.requires_grad_() for name, head in heads().items()}
    losses.total_dim_both(predicted, alpha=ALPHA, trimap=TRIMAP, **COLOURS)["total"].backward()
    for name, key in (("coarse", "grad_stage3_pred_mattes"), ("alpha", "grad_stage3_pred_alpha")):
        np.testing.assert_allclose(predicted[name].grad, FIXTURE[key], rtol=0, atol=1e-7)


def test_known_pixels_under_the_root_equal_the_two_codes_that_have_them_there() -> None:
    predicted = plane("in_pred_mattes")
    over_all = losses.alpha_prediction_over_all(predicted, ALPHA, UNKNOWN)
    assert over_all.item() == expected("loss_stage0")
    other = losses.alpha_prediction_over_all(predicted, ALPHA, UNKNOWN, more=1e-6)
    assert other.item() == expected("loss_foamliu_alpha")


def composed(alpha: Tensor) -> dict[str, Tensor]:
    front, back = torch.full((1, 3, 1, 2), 0.75), torch.full((1, 3, 1, 2), 0.25)
    picture = alpha * front + (1 - alpha) * back
    return {"image": picture, "foreground": front, "background": back, "alpha": alpha}


def test_losses_by_hand() -> None:
    alpha, trimap = torch.tensor([[[[0.5, 1.0]]]]), torch.tensor([[[[0.5, 1.0]]]])
    wrong = {"coarse": torch.tensor([[[[0.9, 0.0]]]]), "alpha": torch.tensor([[[[0.3, 0.0]]]])}
    parts = losses.total_dim_both(wrong, trimap=trimap, **composed(alpha))
    assert parts["alpha"].item() == pytest.approx(0.5 * 0.4 / 2)  # one unknown pixel, and one more below
    assert parts["composition"].item() == pytest.approx(0.5 * 0.4 * 0.5 / 2)  # colours are half of the range apart
    assert parts["refined"].item() == pytest.approx(0.2 / 2)
    right = losses.total_dim_both({"coarse": alpha, "alpha": alpha}, trimap=trimap, **composed(alpha))
    assert right["total"].item() == pytest.approx(0.0, abs=2e-6)


def test_colours_that_are_not_known_are_not_judged() -> None:
    alpha = torch.tensor([[[[0.5, 0.5]]]])
    given = composed(alpha) | {"foreground": torch.zeros(1, 3, 1, 2), "trimap": torch.full_like(alpha, 0.5)}
    predicted = {"coarse": alpha, "alpha": alpha}
    half = losses.total_dim(predicted, known=torch.tensor([[[[1.0, 0.0]]]]), **given)
    assert half["composition"].item() == pytest.approx(0.5 * 0.375 / 2, rel=1e-5)
    nothing = losses.total_dim(predicted, known=torch.zeros_like(alpha), **given)
    assert nothing["composition"].item() == 0


def four_discs(side: int) -> dict[str, Tensor]:
    """Four soft discs over noise, as a batch of the loop."""
    generator = torch.Generator().manual_seed(1)
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    centres = torch.rand(4, 2, 1, 1, generator=generator) * side / 2 + side / 4
    distance = torch.hypot(y - centres[:, :1], x - centres[:, 1:])
    alpha = ((side / 5 - distance) / 8 + 0.5).clamp(0, 1)
    front = (torch.rand(4, 3, 1, 1, generator=generator) * 0.3 + 0.7).expand(4, 3, side, side)
    back = torch.rand(4, 3, side, side, generator=generator) * 0.5
    image = (alpha * front + (1 - alpha) * back) * 2 - 1
    hints = {"trimap": trimap_of(alpha, 4), "known": torch.ones_like(alpha)}
    return {"image": image, "alpha": alpha, "foreground": front, "background": back} | hints


@pytest.mark.parametrize("recipe", ["dim-lite", "dim"])
def test_every_stage_s_loss_reaches_what_the_stage_trains_and_nothing_else(recipe: str) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    batch, net = four_discs(64), build("dim", lite=RECIPES[recipe].lite).train()
    nn.init.normal_(net.get_submodule("refine.residual").weight)  # type: ignore[arg-type]
    refinement = {name for name, _ in net.named_parameters() if name.startswith("refine.")}
    everything = {name for name, _ in net.named_parameters()}
    of_loss = {"dim-refine": refinement, "dim-both": everything}
    stages = RECIPES[recipe].stages
    assert {stage.loss for stage in stages} >= set(of_loss)
    for stage in stages:
        rest(net, stage)
        net.zero_grad(set_to_none=True)
        SYSTEMS["dim"].losses[stage.loss or RECIPES[recipe].loss](run_dim(net, batch), batch)["total"].backward()
        reached = {name for name, p in net.named_parameters() if p.grad is not None and p.grad.any()}
        assert reached == of_loss.get(stage.loss, everything - refinement)


@pytest.mark.parametrize("name", ["dim", "dim-refine", "dim-both"])
def test_sixty_steps_on_four_composites_halve_the_loss(name: str) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    batch, net = four_discs(64), build("dim", lite=True).train()
    for key, parameter in net.named_parameters():
        parameter.requires_grad_(name != "dim-refine" or key.startswith("refine."))
    optimiser = torch.optim.AdamW((p for p in net.parameters() if p.requires_grad), lr=5e-3)
    history = []
    for _ in range(60):
        loss = SYSTEMS["dim"].losses[name](run_dim(net, batch), batch)["total"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        history.append(loss.item())
    assert sum(history[-5:]) / 5 < 0.5 * history[0]


def test_the_network_is_shown_a_trimap_as_at_run_time() -> None:
    shown: list[Tensor] = []
    batch = {"image": torch.ones(1, 3, 1, 3), "trimap": torch.tensor([[[[0.0, 0.5, 1.0]]]])}
    run_dim(lambda x: shown.append(x), batch)  # type: ignore[arg-type]
    assert shown[0][0, 3, 0].tolist() == pytest.approx([0, 128 / 255, 1])
    assert shown[0][0, 0, 0, 0].item() == pytest.approx((1 - 0.485) / 0.229)


def test_foamliu_s_metrics_are_ours_over_other_counts() -> None:
    predicted, true, trimap = (FIXTURE[name][0, 0] for name in ("in_pred_mattes", "alpha255", "trimap255"))
    true = true / 255
    assert metrics.sad(predicted, true) == expected("loss_foamliu_sad_per1000")
    # squares of all pixels, divided by the unknown ones alone
    assert metrics.mse(predicted, true) / (trimap == 128).mean() == expected("loss_foamliu_mse")
