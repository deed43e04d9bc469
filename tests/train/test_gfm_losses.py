"""GFM's losses against the released code's numbers, and by hand."""

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor

from mattelier.models import build
from mattelier.models.gfm import collaborate
from mattelier.train import gfm_losses as losses
from mattelier.train.losses import trimap_of

FIXTURE = np.load(Path(__file__).parent.parent / "parity" / "gfm-ops.npz")
EXACT = 1e-5  # relative: sums of float32 in another order


def tensor(name: str) -> Tensor:
    return torch.from_numpy(FIXTURE[name]).float()


PREDICTED, ALPHA = tensor("loss_pred"), tensor("loss_alpha") / 255
TRIMAP = torch.where(tensor("loss_trimap") == 128, 0.5, tensor("loss_trimap") / 255)
IMAGE, COLOURS = tensor("loss_img") / 127.5 - 1, (tensor("loss_fg") / 255, tensor("loss_bg") / 255)


def expected(name: str) -> object:
    return pytest.approx(FIXTURE[name].item(), rel=EXACT)


def test_entropies_equal_the_released_code() -> None:
    three = losses.glance_entropy(tensor("loss_glance3"), losses.glance_target(ALPHA, TRIMAP))
    two = losses.glance_entropy(tensor("loss_glance2"), losses.glance_target(ALPHA, TRIMAP, "bt", literal=True))
    assert three.item() == expected("loss_ce3") and two.item() == expected("loss_ce2")


def test_alpha_losses_equal_the_released_code() -> None:
    unknown = losses.in_unknown(TRIMAP)
    assert losses.alpha_unknown(PREDICTED, ALPHA, TRIMAP).item() == expected("loss_alpha_unknown")
    assert losses.laplacian(PREDICTED * unknown, ALPHA * unknown).item() == expected("loss_lap_unknown")
    whole, pyramid = losses.distance(PREDICTED - ALPHA).mean(), losses.laplacian(PREDICTED, ALPHA)
    assert whole.item() == expected("loss_alpha_whole") and pyramid.item() == expected("loss_lap_whole")
    assert losses.fusion_loss(PREDICTED, ALPHA).item() == pytest.approx((whole + pyramid).item())


def test_composition_equals_the_released_code() -> None:
    loss = losses.composition(PREDICTED, ALPHA, IMAGE, None, *COLOURS)
    assert loss.item() == expected("loss_comp_whole")


def test_kernel_equals_the_released_code() -> None:
    np.testing.assert_allclose(losses.kernel(PREDICTED), FIXTURE["gauss_kernel"], rtol=0, atol=1e-7)


def test_total_is_a_quarter_of_its_four_terms() -> None:
    predicted = {"glance": tensor("loss_glance3"), "focus": PREDICTED, "alpha": PREDICTED}
    parts = losses.total_gfm(predicted, IMAGE, ALPHA, TRIMAP, None, *COLOURS)
    assert set(parts) == {"glance", "focus", "fusion", "composition", "total"}
    names = ("ce3", "alpha_unknown", "lap_unknown", "alpha_whole", "lap_whole", "comp_whole")
    released = sum(FIXTURE[f"loss_{name}"].item() for name in names)
    assert parts["total"].item() == pytest.approx(0.25 * released, rel=EXACT)


ROW = torch.tensor([[[[0.0, 0.2, 0.6, 1.0, 1.0]]]])
BAND = torch.tensor([[[[0.0, 0.5, 0.5, 0.5, 1.0]]]])


@pytest.mark.parametrize(
    ("representation", "literal", "classes", "focus"),
    [
        ("tt", False, [0, 1, 1, 1, 2], [0.0, 0.2, 0.6, 1.0, 1.0]),
        ("ft", False, [0, 0, 0, 0, 1], [0.0, 0.2, 0.6, 1.0, 0.0]),
        ("bt", False, [0, 1, 1, 1, 1], [0.0, 0.8, 0.4, 0.0, 0.0]),
        ("ft", True, [0, 1, 1, 1, 1], [0.0, 0.2, 0.6, 1.0, 0.0]),  # as released, ft learns the possible foreground
        ("bt", True, [0, 0, 0, 1, 1], [0.0, 0.8, 0.4, 0.0, 0.0]),  # and bt the opaque one
    ],
)
def test_targets_by_hand(
    representation: Literal["tt", "ft", "bt"], literal: bool, classes: list[int], focus: list[float]
) -> None:
    target = losses.glance_target(ROW, BAND, representation, literal=literal)
    assert target.flatten().tolist() == classes
    assert losses.focus_target(ROW, BAND, representation).flatten().tolist() == pytest.approx(focus)


@pytest.mark.parametrize("representation", ["tt", "ft", "bt"])
def test_right_answers_merge_to_alpha(representation: Literal["tt", "ft", "bt"]) -> None:
    target = losses.glance_target(ROW, BAND, representation)
    glance = torch.nn.functional.one_hot(target, 3 if representation == "tt" else 2).permute(0, 3, 1, 2).float()
    merged = collaborate(glance, losses.focus_target(ROW, BAND, representation), representation)
    torch.testing.assert_close(merged, ROW)


def test_a_wider_trimap_counts_for_ft_and_bt_alone() -> None:
    wide = torch.tensor([[[[0.5, 0.5, 0.5, 0.5, 0.5]]]])
    assert losses.glance_target(ROW, BAND, "tt", wide).tolist() == losses.glance_target(ROW, BAND).tolist()
    assert losses.glance_target(ROW, BAND, "ft", wide).sum() == 0
    assert losses.glance_target(ROW, BAND, "bt", wide).sum() == 5


def test_interpolated_trimap_values_are_glance_s_unknown_and_nobody_s_focus() -> None:
    trimap = torch.tensor([[[[0.0, 0.3, 0.5, 0.8, 1.0]]]])
    assert losses.glance_target(ROW, trimap).flatten().tolist() == [0, 1, 1, 1, 2]
    assert losses.in_unknown(trimap).flatten().tolist() == [0, 0, 1, 0, 0]


def test_doubtful_pixels_weigh_less() -> None:
    rim = {f"{head}_{name}": PREDICTED for name in ("tt", "ft", "bt") for head in ("focus", "fusion")}
    rim |= {"alpha": PREDICTED, "glance_tt": tensor("loss_glance3")}
    rim |= {"glance_ft": tensor("loss_glance2"), "glance_bt": tensor("loss_glance2")}
    one = {"glance": tensor("loss_glance3"), "focus": PREDICTED, "alpha": PREDICTED}
    nothing, all_of_it = torch.zeros_like(ALPHA), torch.ones_like(ALPHA)
    for total, predicted in (
        (losses.total_gfm, one),
        (losses.total_gfm_lite, one),
        (losses.total_gfm_rim, rim),
    ):
        full = total(predicted, IMAGE, ALPHA, TRIMAP)["total"].item()
        assert total(predicted, IMAGE, ALPHA, TRIMAP, all_of_it)["total"].item() == pytest.approx(full, rel=EXACT)
        assert total(predicted, IMAGE, ALPHA, TRIMAP, nothing)["total"].item() == pytest.approx(0, abs=1e-6)


def test_rim_counts_every_representation_and_the_mixture() -> None:
    torch.manual_seed(0)
    heads = {f"focus_{name}": torch.rand_like(ALPHA) for name in ("tt", "ft", "bt")}
    heads |= {f"fusion_{name}": torch.rand_like(ALPHA) for name in ("tt", "ft", "bt")}
    heads |= {"glance_tt": tensor("loss_glance3"), "glance_ft": tensor("loss_glance2")}
    heads |= {"glance_bt": 1 - tensor("loss_glance2"), "alpha": PREDICTED}
    parts = losses.total_gfm_rim(heads, IMAGE, ALPHA, TRIMAP, None, *COLOURS)
    bt = {"glance": heads["glance_bt"], "focus": heads["focus_bt"], "alpha": heads["fusion_bt"]}
    alone = losses.total_gfm(bt, IMAGE, ALPHA, TRIMAP, None, *COLOURS, representation="bt")
    assert parts["bt"].item() == pytest.approx(4 * alone["total"].item(), rel=EXACT)
    mixture = sum(FIXTURE[f"loss_{name}"].item() for name in ("alpha_whole", "lap_whole", "comp_whole"))
    assert (parts["fusion"] + parts["composition"]).item() == pytest.approx(mixture, rel=EXACT)
    assert parts["total"].item() == pytest.approx(
        sum(parts[n].item() for n in ("tt", "ft", "bt", "fusion", "composition")), rel=EXACT
    )
    slip = losses.total_gfm_rim(heads, IMAGE, ALPHA, TRIMAP, None, *COLOURS, literal=True)
    twice = {f"{head}_bt": heads[f"{head}_ft"] for head in ("glance", "focus", "fusion")}
    torch.testing.assert_close(slip, losses.total_gfm_rim(heads | twice, IMAGE, ALPHA, TRIMAP, None, *COLOURS))
    assert slip["bt"].item() != parts["bt"].item()


def test_a_picture_without_known_colours_counts_what_its_own_would_change() -> None:
    picture = torch.full((1, 3, 1, 1), 0.5)  # 0.75 in 0..1
    loss = losses.composition(torch.tensor([[[[0.2]]]]), torch.tensor([[[[0.6]]]]), picture)
    assert loss.item() == pytest.approx(3 * 0.75 * 0.4, rel=1e-5)


def test_lite_total_has_a_gradient_where_a_confident_mistake_has_none() -> None:
    scores = torch.tensor([9.0, -9.0, -9.0]).reshape(1, 3, 1, 1).repeat(1, 1, 32, 32).requires_grad_()
    target = torch.full((1, 32, 32), 2)
    (released,) = torch.autograd.grad(losses.glance_entropy(torch.sigmoid(scores), target), scores)
    (ours,) = torch.autograd.grad(losses.scores_entropy(torch.sigmoid(scores), target), scores)
    assert ours.abs().max() > 1000 * released.abs().max()
    exact = torch.nn.functional.cross_entropy(scores, target).item()
    assert losses.scores_entropy(torch.sigmoid(scores), target).item() == pytest.approx(exact, rel=1e-4)


def test_sixty_steps_on_four_composites_halve_the_loss() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    image, alpha = four_discs(64)
    trimap, weight = trimap_of(alpha, 4), torch.ones_like(alpha)
    net = build("gfm", lite=True).train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3)
    history = []
    for _ in range(60):
        parts = losses.total_gfm_lite(net((image + 1) * 127.5), image, alpha, trimap, weight)
        optimiser.zero_grad()
        parts["total"].backward()
        optimiser.step()
        history.append(parts["total"].item())
    assert sum(history[-5:]) / 5 < 0.5 * history[0]


def four_discs(side: int) -> tuple[Tensor, Tensor]:
    """Four soft discs over noise: image (4, 3, S, S) in -1..1, alpha (4, 1, S, S)."""
    generator = torch.Generator().manual_seed(1)
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    centres = torch.rand(4, 2, 1, 1, generator=generator) * side / 2 + side / 4
    distance = torch.hypot(y - centres[:, :1], x - centres[:, 1:])
    alpha = ((side / 5 - distance) / 4 + 0.5).clamp(0, 1)
    subject = torch.rand(4, 3, 1, 1, generator=generator) * 0.3 + 0.7
    ground = torch.rand(4, 3, side, side, generator=generator) * 0.5
    return (alpha * subject + (1 - alpha) * ground) * 2 - 1, alpha
