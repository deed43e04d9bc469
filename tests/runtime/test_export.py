"""Export: one file, half the size, the same alpha at sizes that were not traced."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor, nn

from mattelier.errors import InputError, WeightsError
from mattelier.models import build
from mattelier.models.cards import Card, Contract, Weights
from mattelier.runtime.engine import open_engine
from mattelier.runtime.export import COMPARED_HW, TOLERANCE, TRACED_HW, compare, export, picture


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Module, Path, float]:
    torch.manual_seed(3)
    net = build("modnet", lite=True)
    file = tmp_path_factory.mktemp("export") / "net.onnx"
    return net, file, export(net, file, {"step": "7"})


def test_onnx_equals_torch_at_sizes_that_were_not_traced(exported: tuple[nn.Module, Path, float]) -> None:
    assert TRACED_HW not in COMPARED_HW and len(COMPARED_HW) == 3
    assert exported[2] <= 1e-4  # DESIGN allows 1e-3


def test_kernels_are_stored_in_half_and_under_the_modules_names(exported: tuple[nn.Module, Path, float]) -> None:
    net, file, _ = exported
    model = onnx.load(file)
    onnx.checker.check_model(model)
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    for name, tensor in net.state_dict().items():
        if not tensor.is_floating_point():
            continue
        expected = TensorProto.FLOAT16 if tensor.ndim > 1 else TensorProto.FLOAT
        assert stored[name].data_type == expected, name
        np.testing.assert_array_equal(numpy_helper.to_array(stored[name]).astype(np.float32), tensor.numpy())
    assert file.stat().st_size < 2.5 * sum(p.numel() for p in net.parameters())
    assert {prop.key: prop.value for prop in model.metadata_props}["step"] == "7"


def test_both_engines_open_the_file_and_agree(exported: tuple[nn.Module, Path, float]) -> None:
    data = exported[1].read_bytes()
    card = Card("modnet-lite.test", "modnet", {"lite": True}, "", "", Weights("", "", 0, ""), Contract(longest_px=64))
    image = {"image": picture((96, 160), np.random.default_rng(1))}
    onnx_alpha, torch_alpha = (open_engine(card, data, name).run(image)["alpha"] for name in ("onnx", "torch"))
    assert onnx_alpha.shape == (1, 1, 96, 160)
    np.testing.assert_allclose(onnx_alpha, torch_alpha, rtol=0, atol=1e-4)


def test_a_file_that_computes_something_else_is_noticed(exported: tuple[nn.Module, Path, float]) -> None:
    torch.manual_seed(4)
    assert compare(build("modnet", lite=True).eval(), exported[1].read_bytes()) > TOLERANCE


class FrozenPooling(nn.Module):
    """What tracing does to a size: right at the traced size, wrong elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        share = 1.0 if torch.compiler.is_compiling() else float(x.shape[-1]) / TRACED_HW[1]
        return {"alpha": torch.sigmoid(share * self.conv(x))}


def test_a_network_that_exports_wrongly_is_refused_and_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="differ by"):
        export(FrozenPooling(), tmp_path / "wrong.onnx", {})
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_stays(exported: tuple[nn.Module, Path, float]) -> None:
    net, file, _ = exported
    before = file.read_bytes()
    with pytest.raises(InputError):
        export(net, file, {})
    assert file.read_bytes() == before
