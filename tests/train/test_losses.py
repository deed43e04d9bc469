"""MODNet's losses against the released code's numbers, and by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mattelier.train import losses

FIXTURE = np.load(Path(__file__).parent.parent / "parity" / "modnet_losses.npz")


def tensor(name: str) -> Tensor:
    return torch.from_numpy(FIXTURE[name])


def predictions() -> dict[str, Tensor]:
    heads = {"semantic": "semantic", "detail": "detail", "alpha": "matte"}
    return {head: tensor(f"sup_in_{key}").requires_grad_() for head, key in heads.items()}


def test_supervised_losses_equal_the_released_code() -> None:
    parts = losses.total_modnet(predictions(), tensor("sup_image"), tensor("sup_gt"), tensor("sup_trimap"))
    for name in ("semantic", "detail", "matte"):
        assert parts[name].item() == pytest.approx(FIXTURE[f"loss_sup_{name}"].item(), rel=1e-5)
    assert parts["total"].item() == pytest.approx(sum(parts[n].item() for n in ("semantic", "detail", "matte")))


def test_gradients_equal_the_released_code() -> None:
    predicted = predictions()
    losses.total_modnet(predicted, tensor("sup_image"), tensor("sup_gt"), tensor("sup_trimap"))["total"].backward()
    for head, key in (("semantic", "semantic"), ("detail", "detail"), ("alpha", "matte")):
        expected = FIXTURE[f"sup_grad_{key}"]
        np.testing.assert_allclose(predicted[head].grad, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_semantic_target_and_kernel_equal_the_released_code() -> None:
    target = losses.semantic_target(tensor("sup_gt"), tensor("sup_in_semantic"))
    np.testing.assert_allclose(target, FIXTURE["sup_gt_semantic"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(losses.BLUR_KERNEL, FIXTURE["blur_kernel3"][0, 0], rtol=0, atol=1e-7)


def test_detail_counts_the_unknown_region_only() -> None:
    trimap = torch.tensor([[[[0.0, 0.5], [0.5, 1.0]]]])
    alpha = torch.zeros(1, 1, 2, 2)
    detail = torch.tensor([[[[1.0, 0.2], [0.4, 1.0]]]])
    assert losses.modnet_detail(detail, alpha, trimap).item() == pytest.approx(10 * (0.2 + 0.4) / 4)


def test_doubtful_pixels_weigh_less() -> None:
    trimap, alpha = torch.full((1, 1, 2, 2), 0.5), torch.zeros(1, 1, 2, 2)
    matte = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    image = torch.ones(1, 3, 2, 2)
    weight = torch.tensor([[[[0.25, 1.0], [1.0, 1.0]]]])
    full = losses.modnet_matte(matte, alpha, trimap, image)
    assert losses.modnet_matte(matte, alpha, trimap, image, weight).item() == pytest.approx(0.25 * full.item())
    assert full.item() == pytest.approx(2 * 5 / 4)  # L1 and composition, five times, over four pixels


def test_lite_total_has_a_gradient_where_a_confident_mistake_has_none() -> None:
    scores = torch.full((1, 1, 32, 32), -9.0, requires_grad=True)
    alpha = torch.ones(1, 1, 32, 32)
    predicted = {"alpha": torch.sigmoid(scores), "detail": alpha, "semantic": torch.ones(1, 1, 2, 2)}
    parts = losses.total_modnet_lite(predicted, torch.ones(1, 3, 32, 32), alpha, alpha)
    parts["total"].backward()
    assert scores.grad is not None
    papers_share = 2 * 5 * 1.23e-4 / 32**2  # |d sigmoid| at -9, L1 and composition, known pixels once
    assert scores.grad.abs().max() > 50 * papers_share / 5


def test_trimap_of_grows_soft_pixels_and_hard_edges() -> None:
    alpha = torch.zeros(1, 1, 1, 12)
    alpha[..., 6:] = 1.0
    unknown = (losses.trimap_of(alpha, 1) == 0.5).flatten().tolist()
    assert unknown == [False] * 4 + [True] * 3 + [False] * 5
    alpha[..., 5] = 0.5
    trimap = losses.trimap_of(alpha, 2).flatten()
    assert trimap.tolist() == [0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1]
