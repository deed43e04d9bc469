"""CLIPMat's losses by hand, and a short training in which the words alone decide."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mattelier.backbones.clip import CLIPConfig
from mattelier.models import build
from mattelier.models.clipmat import CLIPMat, CLIPMatLite
from mattelier.train import clipmat_losses as losses
from mattelier.train import gfm_losses
from mattelier.train.losses import trimap_of

SIDE = 32
TRIMAP = torch.cat([torch.full((1, 1, SIDE, 8), value) for value in (0.0, 0.5, 1.0, 1.0)], 3)
ALPHA = torch.where(TRIMAP == 0.5, 0.6, TRIMAP)
IMAGE = torch.linspace(-1, 1, 3 * SIDE * SIDE).reshape(1, 3, SIDE, SIDE)
CLASSES = (2 * TRIMAP[:, 0]).long()


def predicted(scores: Tensor, detail: Tensor, pointing: Tensor | None = None) -> dict[str, Tensor]:
    return {
        "trimap": scores,
        "detail": detail,
        "alpha": torch.where(TRIMAP == 0.5, detail, TRIMAP),
        "pointing": F.avg_pool2d(ALPHA, 16) if pointing is None else pointing,
    }


def test_semantic_entropy_by_hand() -> None:
    none = torch.zeros(1, 3, SIDE, SIDE)
    assert losses.semantic_entropy(none, TRIMAP).item() == pytest.approx(math.log(3), rel=1e-6)
    sure = F.one_hot(CLASSES, 3).permute(0, 3, 1, 2).float() * math.log(8)
    assert losses.semantic_entropy(sure, TRIMAP).item() == pytest.approx(math.log(10 / 8), rel=1e-5)
    # wrong everywhere, trusted nowhere
    assert losses.semantic_entropy(-sure, TRIMAP, torch.zeros_like(TRIMAP)).item() == 0.0


def test_the_total_is_a_quarter_of_four_terms() -> None:
    torch.manual_seed(0)
    heads = predicted(torch.randn(1, 3, SIDE, SIDE), torch.rand(1, 1, SIDE, SIDE))
    parts = losses.total_clipmat(heads, IMAGE, ALPHA, TRIMAP)
    expected = {
        "semantic": F.cross_entropy(heads["trimap"], CLASSES),
        "details": gfm_losses.focus_loss(heads["detail"], ALPHA, TRIMAP),
        "fusion": gfm_losses.fusion_loss(heads["alpha"], ALPHA),
        "composition": gfm_losses.composition(heads["alpha"], ALPHA, IMAGE),
    }
    assert parts.keys() == {*expected, "total"}
    for name, value in expected.items():
        assert parts[name].item() == pytest.approx(value.item(), rel=1e-6)
    assert parts["total"].item() == pytest.approx(sum(v.item() for v in expected.values()) / 4, rel=1e-6)


def test_pointing_is_compared_with_what_the_subject_covers() -> None:
    covered = torch.tensor([[0.3, 1.0]])[None, None].expand(1, 1, 2, 2)  # a half of transition at 0.6, then all
    torch.testing.assert_close(F.interpolate(ALPHA, size=(2, 2), mode="area"), covered)
    half = torch.full((1, 1, 2, 2), 0.5)
    assert losses.pointing_entropy(half, ALPHA).item() == pytest.approx(math.log(2), rel=1e-6)
    right, wrong = losses.pointing_entropy(covered, ALPHA), losses.pointing_entropy(1 - covered, ALPHA)
    assert right < losses.pointing_entropy(half, ALPHA) < wrong


def test_lite_adds_its_two_entropies() -> None:
    detail = torch.full((1, 1, SIDE, SIDE), 0.5)
    heads = predicted(torch.zeros(1, 3, SIDE, SIDE), detail, torch.full((1, 1, 2, 2), 0.5))
    parts = losses.total_clipmat_lite(heads, IMAGE, ALPHA, TRIMAP)
    assert parts["pointing"].item() == pytest.approx(math.log(2), rel=1e-6)
    unknown = SIDE * SIDE / 4
    assert parts["entropy"].item() == pytest.approx(math.log(2) * unknown / (unknown + 1), rel=1e-5)
    assert parts["total"].item() == pytest.approx(sum(v.item() for k, v in parts.items() if k != "total"), rel=1e-6)


def test_a_perfect_answer_costs_next_to_nothing() -> None:
    heads = predicted(F.one_hot(CLASSES, 3).permute(0, 3, 1, 2) * 30.0, ALPHA)
    assert losses.total_clipmat(heads, IMAGE, ALPHA, TRIMAP)["total"].item() < 1e-4


@pytest.mark.parametrize("answer", ["empty", "something"])
def test_an_empty_matte_asks_for_nothing(answer: str) -> None:
    """Words for what is not there: no division by zero, and every head is pulled down and none up."""
    empty = torch.zeros_like(ALPHA)
    trimap = trimap_of(empty, 8)
    assert not trimap.any()
    low = answer == "empty"
    scores = torch.zeros(1, 3, SIDE, SIDE)
    scores[:, 0 if low else 2] = 8.0
    heads = predicted(
        scores, torch.full_like(ALPHA, 0.01 if low else 0.9), torch.full((1, 1, 2, 2), 0.01 if low else 0.9)
    )
    heads["alpha"] = torch.full_like(ALPHA, 0.0 if low else 0.9)
    heads = {name: head.requires_grad_() for name, head in heads.items()}
    parts = losses.total_clipmat_lite(heads, IMAGE, empty, trimap, torch.ones_like(empty))
    assert all(math.isfinite(part.item()) for part in parts.values())
    assert parts["total"].item() < 0.05 if low else parts["total"].item() > 5
    parts["total"].backward()
    assert all(torch.isfinite(head.grad).all() for head in heads.values() if head.grad is not None)
    if not low:
        for name in ("alpha", "pointing"):
            assert heads[name].grad is not None and (heads[name].grad > 0).all()
        slopes = heads["trimap"].grad
        assert slopes is not None and (slopes[:, 0] < 0).all() and (slopes[:, 2] > 0).all()
    assert parts["entropy"].item() == 0 and heads["detail"].grad is not None and not heads["detail"].grad.any()
    assert parts["details"].item() < 2e-6 * SIDE**2  # nothing is unknown: the root's epsilon is left, a constant


def test_one_empty_matte_in_a_batch_leaves_the_others_details() -> None:
    pair = {
        name: torch.cat((head, head))
        for name, head in predicted(torch.zeros(1, 3, SIDE, SIDE), 0 * ALPHA + 0.3).items()
    }
    alphas, trimaps = torch.cat((ALPHA, 0 * ALPHA)), torch.cat((TRIMAP, 0 * TRIMAP))
    both = losses.total_clipmat_lite(pair, torch.cat((IMAGE, IMAGE)), alphas, trimaps)
    alone = losses.total_clipmat_lite({k: v[:1] for k, v in pair.items()}, IMAGE, ALPHA, TRIMAP)
    assert both["entropy"].item() == pytest.approx(alone["entropy"].item(), rel=1e-5)


def test_sixty_steps_on_four_composites_halve_the_loss_and_words_decide() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    image, alpha, texts = two_discs_each(64)
    trimap, weight = trimap_of(alpha, 4), torch.ones_like(alpha)
    net = build("clipmat", lite=True).train()
    assert isinstance(net, CLIPMatLite)
    tokens, mask = net.prompts(texts)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3)
    history = []
    for _ in range(60):
        outputs = net((image + 1) / 2, tokens, mask)
        parts = losses.total_clipmat_lite(outputs, image, alpha, trimap, weight)
        optimiser.zero_grad()
        parts["total"].backward()
        optimiser.step()
        history.append(parts["total"].item())
    assert sum(history[-5:]) / 5 < 0.5 * history[0]
    right = F.binary_cross_entropy(outputs["pointing"], F.interpolate(alpha, size=(4, 4), mode="area"))
    swapped = F.binary_cross_entropy(outputs["pointing"], F.interpolate(alpha[[1, 0, 3, 2]], size=(4, 4), mode="area"))
    assert right < 0.7 * swapped  # the pictures of a pair are the same: only their words differ


@pytest.mark.slow
def test_sixty_steps_halve_the_published_loss() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    image, alpha, texts = two_discs_each(64)
    trimap = trimap_of(alpha, 4)
    net = CLIPMat(CLIPConfig(48, 16, 4, 128, 4, 64, 3)).train()  # CLIP's layout, shrunken
    tokens, mask = net.prompts(texts)
    optimiser = torch.optim.AdamW(net.parameters(), lr=5e-4)
    history = []
    for _ in range(60):
        parts = losses.total_clipmat(net((image + 1) / 2, tokens, mask), image, alpha, trimap)
        optimiser.zero_grad()
        parts["total"].backward()
        optimiser.step()
        history.append(parts["total"].item())
    assert sum(history[-5:]) / 5 < 0.5 * history[0]


def two_discs_each(side: int) -> tuple[Tensor, Tensor, list[str]]:
    """Two pictures, each twice: a red and a blue disc; the words mean one of them."""
    generator = torch.Generator().manual_seed(1)
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    images, alphas = [], []
    for red_is_left in (True, False):
        places = (side * 0.28, side * 0.72) if red_is_left else (side * 0.72, side * 0.28)
        red, blue = (((side / 6 - torch.hypot(y - side / 2, x - at)) / 3 + 0.5).clamp(0, 1) for at in places)
        picture = torch.rand(3, side, side, generator=generator) * 0.3
        for disc, colour in ((red, (0.9, 0.1, 0.1)), (blue, (0.1, 0.2, 0.9))):
            picture = disc * torch.tensor(colour)[:, None, None] + (1 - disc) * picture
        images += [picture * 2 - 1] * 2
        alphas += [red[None], blue[None]]
    return torch.stack(images), torch.stack(alphas), ["the red ball", "the blue ball"] * 2
