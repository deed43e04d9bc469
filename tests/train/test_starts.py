"""What a new run begins with."""

import pytest
import torch

from mattelier.backbones.efficientnet import from_imagenet, imagenet_weights
from mattelier.models import build
from mattelier.train.stages import Start
from mattelier.train.starts import of_card, start_encoder


def encoders(start: Start) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """A network's encoder before and after, in copies."""
    net = build("modnet", lite=True)
    before = {name: tensor.clone() for name, tensor in net.get_submodule("encoder").state_dict().items()}
    start_encoder(net, start)
    return before, net.get_submodule("encoder").state_dict()


def test_a_random_start_changes_nothing() -> None:
    before, after = encoders("random")
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("start", ["efficientnet-lite0", "gfm-lite"])
def test_an_encoder_is_filled_whole(start: Start) -> None:
    if start == "gfm-lite":
        expected = of_card("gfm-lite").get_submodule("encoder").state_dict()
    else:
        expected = from_imagenet(imagenet_weights()).state_dict()
    before, after = encoders(start)
    assert all(torch.equal(after[name], expected[name]) for name in expected)
    assert not torch.equal(before["stem.conv.weight"], after["stem.conv.weight"])
