"""What a released checkpoint may be, and what it may not."""

from pathlib import Path

import pytest
import torch

from mattelier.backbones.official import read_state
from mattelier.errors import WeightsError


def test_tensors_come_back_by_name(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "a.pth")
    assert read_state(tmp_path / "a.pth", "another")["a"].tolist() == [1, 1]


@pytest.mark.parametrize("content", [torch.nn.ReLU(), {"a": 3}, [torch.ones(1)]], ids=["module", "number", "list"])
def test_all_else_is_refused_with_what_to_give(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="give the file of the release"):
        read_state(tmp_path / "a.pth", "the file of the release")


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_bytes(b"text")
    with pytest.raises(WeightsError, match="cannot be read"):
        read_state(tmp_path / "a.pth", "another")
