"""fba-lite as an ONNX file: every head at multiples of 8 that are none of 32, and each kernel stored once."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto
from torch import nn

from mattelier.models import build
from mattelier.models.cards import Card, Contract, Weights
from mattelier.models.official import OFFICIAL
from mattelier.runtime.engine import open_engine
from mattelier.runtime.export import TOLERANCE, Difference, export
from mattelier.runtime.interfaces import INTERFACES

Exported = tuple[nn.Module, Path, Difference]
CONTRACT: Contract = OFFICIAL["fba"].contract


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    torch.manual_seed(0)
    net = build("fba", lite=True)
    last = net.get_submodule("decoder.conv_up4.4")
    assert isinstance(last, nn.Conv2d)
    with torch.no_grad():  # heads that vary with the picture
        last.weight.mul_(4)
    file = tmp_path_factory.mktemp("onnx") / "fba.onnx"
    return net, file, export(net, file, {}, system="fba")


def test_every_head_equals_torch_at_sizes_that_were_not_traced(exported: Exported) -> None:
    interface = INTERFACES["fba"]
    assert interface.traced_hw not in interface.compared_hw
    assert all(side % 8 == 0 for hw in interface.compared_hw for side in hw)
    assert any(side % 32 for hw in interface.compared_hw for side in hw)
    assert set(exported[2].largest) == set(CONTRACT.outputs) and not exported[2].flipped
    assert exported[2].worst <= TOLERANCE


def test_kernels_are_stored_once_and_in_half(exported: Exported) -> None:
    net, file, _ = exported
    stored = onnx.load(file).graph.initializer
    assert not [tensor.name for tensor in stored if tensor.data_type == TensorProto.FLOAT and len(tensor.dims) == 4]
    assert file.stat().st_size < 2.2 * sum(p.numel() for p in net.parameters())


def test_both_engines_agree_in_all_heads(exported: Exported) -> None:
    card = Card("fba-lite.test", "fba", {"lite": True}, "", "", Weights("", "", 0, ""), CONTRACT)
    inputs = INTERFACES["fba"].specimen((48, 40), np.random.default_rng(7))
    assert tuple(inputs) == CONTRACT.inputs
    data = exported[1].read_bytes()
    of_onnx, of_torch = (open_engine(card, data, engine, threads=1).run(inputs) for engine in ("onnx", "torch"))
    for head in CONTRACT.outputs:
        assert of_torch[head].std() > 0.02
        np.testing.assert_allclose(of_onnx[head], of_torch[head], rtol=0, atol=TOLERANCE, err_msg=head)
