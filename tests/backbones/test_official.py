"""What a released checkpoint may be, and what it may not."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mattelier.backbones.official import read_state
from mattelier.errors import WeightsError


def test_tensors_come_back_by_name(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "a.pth")
    assert read_state(tmp_path / "a.pth", "another")["a"].tolist() == [1, 1]


@pytest.mark.parametrize("is_zip", [True, False])
def test_the_entry_that_holds_the_tensors_is_found(tmp_path: Path, is_zip: bool) -> None:
    beside = {"epoch": 12, "best_sad": np.float64(52.99)}
    torch.save(beside | {"state_dict": {"a": torch.ones(2)}}, tmp_path / "a.pth", _use_new_zipfile_serialization=is_zip)
    assert read_state(tmp_path / "a.pth", "another", inside="state_dict")["a"].tolist() == [1, 1]
    torch.save({"a": torch.ones(2)}, tmp_path / "bare.pth")
    assert read_state(tmp_path / "bare.pth", "another", inside="state_dict")["a"].tolist() == [1, 1]
    with pytest.raises(WeightsError, match="no bare state dict of tensors; give another"):
        read_state(tmp_path / "a.pth", "another")


def test_numbers_of_an_older_numpy_are_read(tmp_path: Path) -> None:
    torch.save({"n": np.float64(1.5), "in": {"a": torch.ones(1)}}, tmp_path / "a", _use_new_zipfile_serialization=False)
    (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes().replace(b"numpy._core.", b"numpy.core."))
    assert list(read_state(tmp_path / "a", "another", inside="in")) == ["a"]


@pytest.mark.parametrize("content", [torch.nn.ReLU(), {"a": 3}, [torch.ones(1)]], ids=["module", "number", "list"])
def test_all_else_is_refused_with_what_to_give(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="give the file of the release"):
        read_state(tmp_path / "a.pth", "the file of the release")


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_bytes(b"text")
    with pytest.raises(WeightsError, match="cannot be read"):
        read_state(tmp_path / "a.pth", "another")
