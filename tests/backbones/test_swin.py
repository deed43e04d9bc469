"""Windows, shifts and masks against slow loops, and the bias table's rows by hand."""

import numpy as np
import pytest
import torch

from mattelier.backbones.swin import DropPath, PatchMerging, relative_position_index, shift_mask, unwindow, windows


@pytest.mark.parametrize("shifted", [False, True])
@pytest.mark.parametrize("hw", [(3, 4), (7, 7), (14, 21), (16, 9)])
def test_windows_come_back(hw: tuple[int, int], shifted: bool) -> None:
    x = torch.rand(2, *hw, 3)
    made = windows(x, shifted)
    assert made.shape == (2, -(-hw[0] // 7) * -(-hw[1] // 7), 49, 3)
    assert torch.equal(unwindow(made, hw, shifted), x)


def test_windows_by_hand() -> None:
    x = torch.arange(14.0 * 8).view(1, 14, 8, 1)
    plain = windows(x, shifted=False)[0, :, :, 0]
    assert plain[0, :8].tolist() == [0, 1, 2, 3, 4, 5, 6, 8]  # two rows of the first window
    assert plain[1, :8].tolist() == [7, 0, 0, 0, 0, 0, 0, 15]  # filled with zeros on the right
    assert plain[2, 0] == 7 * 8
    assert windows(x, shifted=True)[0, 0, 0, 0] == 3 * 8 + 3


@pytest.mark.parametrize("hw", [(14, 14), (10, 21), (7, 3)])
def test_the_mask_parts_what_was_not_together(hw: tuple[int, int]) -> None:
    """Slowly: two positions of a rolled window belong together if no edge of the padded picture lies between them."""
    padded = [-(-side // 7) * 7 for side in hw]
    y, x = np.mgrid[: padded[0], : padded[1]]
    places = torch.from_numpy(np.stack((y, x), -1).astype(np.float32))[None]
    rolled = windows(places, shifted=True)[0].numpy()  # (N, 49, 2), where each position came from
    mask = shift_mask(hw, torch.zeros(1)).numpy()
    assert mask.shape == (len(rolled), 49, 49) and set(np.unique(mask)) <= {0, -100}
    for window, expected in zip(rolled, mask, strict=True):
        # within a window a position of the first three rows or columns came round the edge, if another did not
        came = [(window[:, axis] < 3) for axis in (0, 1)]
        apart = sum((side[:, None] != side) for side in came) > 0
        # three rows that came round stand only in the last windows; elsewhere rows 0 to 2 do not occur
        np.testing.assert_array_equal(expected == -100, apart)


def test_rows_of_the_bias_table() -> None:
    index = relative_position_index()
    assert index.shape == (49, 49) and (index.diagonal() == 6 * 13 + 6).all()
    assert index[0, 48] == 0 and index[48, 0] == 168
    assert index[1, 0] == 6 * 13 + 7 and index[7, 0] == 7 * 13 + 6  # one to the right, one down


def test_merging_takes_rows_before_columns() -> None:
    merge = PatchMerging(1)
    merge.norm, merge.reduction = torch.nn.Identity(), torch.nn.Identity()
    assert merge(torch.arange(4.0).view(1, 2, 2, 1)).flatten().tolist() == [0, 2, 1, 3]


def test_a_dropped_path_is_dropped_by_picture_or_by_kind_of_token() -> None:
    torch.manual_seed(0)
    drop = DropPath(0.5)
    kept = drop.train()(torch.ones(400, 2, 2, 3))
    by_picture = kept.flatten(1)
    assert (by_picture.min(1).values == by_picture.max(1).values).all() and set(kept.unique().tolist()) == {0.0, 2.0}
    tokens = drop(torch.ones(400, 6, 2), group=3)
    assert torch.equal(tokens[:, :3], tokens[:, 3:]) and not torch.equal(tokens[:, 0], tokens[:, 1])
    assert torch.equal(drop.eval()(kept), kept)
