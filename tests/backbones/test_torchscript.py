"""TorchScript archives: the tensors come out, and nothing else gets a say."""

import pickle
import warnings
import zipfile
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from mattelier.backbones.torchscript import is_archive, read_archive
from mattelier.errors import WeightsError


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.arange(6.0).reshape(2, 3).T.half())
        self.register_buffer("count", torch.tensor(7))


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.5))
        self.parts = nn.Sequential(Inner(), nn.Linear(3, 2), nn.LayerNorm(2))
        self.sizes = [3, 4]

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.parts[1](x) * self.scale
        return y


@pytest.fixture
def archive(tmp_path: Path) -> tuple[Outer, Path]:
    """A module as torch itself writes it: forms of OpenAI's files are of this kind."""
    net, file = Outer(), tmp_path / "net.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is on its way out; the files stay
        torch.jit.trace(net, (torch.zeros(1, 3),), check_trace=False).save(str(file))
    return net, file


def test_the_tensors_of_an_archive(archive: tuple[Outer, Path]) -> None:
    net, file = archive
    found, expected = read_archive(file), net.state_dict()
    assert is_archive(file) and found.keys() == expected.keys()
    assert all(torch.equal(found[key], value) and found[key].dtype == value.dtype for key, value in expected.items())


def test_a_state_dict_is_no_archive(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "state.pt")
    (tmp_path / "text.pt").write_text("no zip")
    assert not any(is_archive(tmp_path / name) for name in ("state.pt", "text.pt", "absent.pt"))


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, ("1 / 0",)


def test_names_that_are_no_tensors_are_refused_before_they_run(tmp_path: Path) -> None:
    file = tmp_path / "harmful.pt"
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("net/data.pkl", pickle.dumps(Harmful(), protocol=2))
        made.writestr("net/code/net.py", "")
    with pytest.raises(WeightsError, match=r"names (builtins|__builtin__)\.eval; expected tensors"):
        read_archive(file)


def test_a_damaged_archive_is_named(archive: tuple[Outer, Path], tmp_path: Path) -> None:
    file = tmp_path / "empty.pt"
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("net/code/net.py", "")
    with pytest.raises(WeightsError, match=r"empty\.pt cannot be read"):
        read_archive(file)
