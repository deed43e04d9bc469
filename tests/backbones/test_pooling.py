"""Pooling as matrix products, against torch's own."""

import pytest
import torch
import torch.nn.functional as F

from mattelier.backbones.pooling import averaging, pool


@pytest.mark.parametrize("hw", [(1, 1), (2, 7), (12, 8), (13, 31)])
@pytest.mark.parametrize("cells", [1, 2, 3, 5, 6])
def test_it_equals_adaptive_pooling_at_every_size(hw: tuple[int, int], cells: int) -> None:
    x = torch.randn(2, 3, *hw, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(pool(x, cells), F.adaptive_avg_pool2d(x, cells), rtol=0, atol=1e-12)


def test_cells_share_a_position_between_them() -> None:
    expected = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]])
    torch.testing.assert_close(averaging(3, 2, torch.zeros(1)), expected)
