"""GFM as an ONNX file at sizes that were not traced: scores alike, and alpha but for ties."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mattelier.models import build
from mattelier.models.cards import Card, Contract, Weights
from mattelier.models.official import OFFICIAL
from mattelier.runtime.engine import open_engine
from mattelier.runtime.export import FLIPPED, TOLERANCE, export
from mattelier.runtime.interfaces import INTERFACES

CONTRACT: Contract = OFFICIAL["gfm"].contract


def settled(net: nn.Module) -> nn.Module:
    """Random weights with running statistics that belong to them, so that scores differ from place to place."""
    generator = np.random.default_rng(1)
    pictures = [INTERFACES["gfm"].specimen((96, 96), generator)["image"] for _ in range(4)]
    batch = torch.from_numpy(np.concatenate(pictures))
    net.train()
    with torch.no_grad():
        for _ in range(8):
            net(batch)
    return net.eval()


@pytest.mark.parametrize(
    "options", [{"lite": True}, pytest.param({"backbone": "r34"}, marks=pytest.mark.slow)], ids=["lite", "r34"]
)
def test_onnx_equals_torch_and_both_engines_open_the_file(options: dict[str, object], tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = settled(build("gfm", **options))  # type: ignore[arg-type]
    difference = export(net, tmp_path / "gfm.onnx", {}, system="gfm")
    assert set(difference.largest) == {"glance", "focus"} and difference.worst <= TOLERANCE
    assert difference.flipped["alpha"] <= FLIPPED
    assert (tmp_path / "gfm.onnx").stat().st_size < 2.3 * sum(p.numel() for p in net.parameters())
    card = Card("gfm-some.test", "gfm", options, "", "", Weights("", "", 0, ""), CONTRACT)
    inputs = INTERFACES["gfm"].specimen((128, 192), np.random.default_rng(2))
    data = (tmp_path / "gfm.onnx").read_bytes()
    of_onnx, of_torch = (open_engine(card, data, engine, threads=1).run(inputs) for engine in ("onnx", "torch"))
    assert tuple(of_onnx) == tuple(of_torch) == CONTRACT.outputs
    for head in ("glance", "focus"):
        np.testing.assert_allclose(of_onnx[head], of_torch[head], rtol=0, atol=TOLERANCE, err_msg=head)
    assert (np.abs(of_onnx["alpha"] - of_torch["alpha"]) > TOLERANCE).mean() <= FLIPPED
    assert len(np.unique(of_torch["glance"].argmax(1))) > 1  # or alpha would agree whatever the merge did
