"""SOC's losses against the released code's numbers, and by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mattelier.train import soc_losses

FIXTURE = np.load(Path(__file__).parent.parent / "parity" / "modnet_losses.npz")


def tensor(name: str) -> Tensor:
    return torch.from_numpy(FIXTURE[name])


def predictions() -> dict[str, Tensor]:
    keys = {"semantic": "semantic", "detail": "detail", "alpha": "matte"}
    return {head: tensor(f"soc_in_{key}").requires_grad_() for head, key in keys.items()}


FROZEN = {"detail": tensor("soc_backup_detail"), "alpha": tensor("soc_backup_matte")}


def test_losses_equal_the_released_code() -> None:
    parts = soc_losses.total_soc(predictions(), FROZEN)
    for name in ("semantic", "detail"):
        assert parts[name].item() == pytest.approx(FIXTURE[f"loss_soc_{name}"].item(), rel=1e-5)
    assert parts["total"].item() == pytest.approx(parts["semantic"].item() + parts["detail"].item())


def test_gradients_equal_the_released_code() -> None:
    predicted = predictions()
    soc_losses.total_soc(predicted, FROZEN)["total"].backward()  # type: ignore[no-untyped-call]
    for head, key in (("semantic", "semantic"), ("detail", "detail"), ("alpha", "matte")):
        expected = FIXTURE[f"soc_grad_{key}"]
        np.testing.assert_allclose(predicted[head].grad, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_subject_and_boundary_equal_the_released_code() -> None:
    subject = soc_losses.subject(tensor("soc_in_semantic"), tensor("soc_in_matte"))
    np.testing.assert_allclose(subject, FIXTURE["soc_pred_fg"], rtol=0, atol=1e-6)
    assert soc_losses.boundary_side_px(*subject.shape[-2:]) == FIXTURE["soc_side"]
    near = soc_losses.boundary(subject)
    assert near.dtype == torch.bool and near.any() and not near.all()
    np.testing.assert_array_equal(near, FIXTURE["soc_boundaries"])


def test_the_boundary_is_a_window_around_an_edge_in_each_picture_alone() -> None:
    subject = torch.zeros(2, 1, 64, 64)
    subject[1, :, :, 32:] = 1.0
    near = soc_losses.boundary(subject)  # 3 x 3: one pixel to each side of the edge
    assert not near[0].any()
    assert near[1, 0].any(0).nonzero().flatten().tolist() == [31, 32] and near[1, 0].sum() == 2 * 64


def test_semantic_and_alpha_are_each_others_target() -> None:
    semantic = torch.full((1, 1, 2, 2), 0.5, requires_grad=True)
    alpha = torch.full((1, 1, 32, 32), 0.75, requires_grad=True)
    loss = soc_losses.soc_semantic(semantic, alpha)
    assert loss.item() == pytest.approx(100 * 2 * 0.25**2, rel=1e-5)
    loss.backward()  # type: ignore[no-untyped-call]
    # each is pulled to the other: d/ds 100 (s - t)^2 / 4 a cell; for alpha the same, spread over its pixels
    torch.testing.assert_close(semantic.grad, torch.full_like(semantic, -12.5))
    assert alpha.grad is not None and alpha.grad.sum().item() == pytest.approx(50.0, rel=1e-4)


def test_a_faint_target_is_none() -> None:
    semantic, alpha = torch.full((1, 1, 2, 2), 0.01), torch.full((1, 1, 32, 32), 0.008)
    # equal but for 0.002 and both faint: each is asked to vanish
    loss = soc_losses.soc_semantic(semantic, alpha)
    assert loss.item() == pytest.approx(100 * (0.01**2 + 0.008**2), rel=1e-4)


def test_details_count_on_the_boundary_alone_and_nothing_without_one() -> None:
    near = torch.tensor([[[[True, False], [False, True]]], [[[False, False], [False, False]]]])
    frozen = {"detail": torch.zeros(2, 1, 2, 2), "alpha": torch.ones(2, 1, 2, 2)}
    predicted = {
        "detail": torch.tensor([[[[0.2, 1.0], [1.0, 0.4]]], [[[1.0, 1.0], [1.0, 1.0]]]]),
        "alpha": torch.tensor([[[[0.5, 0.0], [0.0, 0.9]]], [[[0.0, 0.0], [0.0, 0.0]]]]),
    }
    loss = soc_losses.soc_detail(predicted, frozen, near)
    assert loss.item() == pytest.approx(((0.2 + 0.4) / 2 + (0.5 + 0.1) / 2) / 2)
    nothing = soc_losses.soc_detail(predicted, frozen, torch.zeros_like(near))
    assert nothing.item() == 0.0
