"""MODNet against the fixtures of the released network, and the lite form against its own promises."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mattelier.errors import InputError, WeightsError
from mattelier.models import build, from_official
from mattelier.models.modnet import EASPP, MODNetBase, published_matte, published_size, rename
from parity import deterministic

PARITY = Path(__file__).parent.parent / "parity"
FIXTURE = np.load(PARITY / "modnet.npz")
LOSSES = np.load(PARITY / "modnet_losses.npz")
TOLERANCE = 1e-4  # parity/README: float32 against float64 differ by less than 1e-5


@pytest.fixture(scope="module")
def official() -> dict[str, Tensor]:
    """A state dict as released: both copies of the encoder, every key behind `module.`."""
    keys = json.loads((PARITY / "modnet.keys.json").read_text())
    state = {}
    for key, (shape, dtype) in keys.items():
        decisive = f"lr_branch.{key}" if key.startswith("backbone.") else key
        values = np.zeros(shape) if "num_batches" in key else values_of(decisive, shape)
        state[f"module.{key}"] = torch.tensor(values, dtype=getattr(torch, dtype))
    return state


def values_of(key: str, shape: list[int]) -> np.ndarray:
    return deterministic.values_for(key, shape, int(FIXTURE["seed"]), float(FIXTURE["gain"]))


@pytest.fixture(scope="module")
def net(official: dict[str, Tensor]) -> MODNetBase:
    network = from_official("modnet", official)
    assert isinstance(network, MODNetBase)
    return network


def test_published_size_has_the_published_number_of_parameters(net: MODNetBase) -> None:
    assert sum(p.numel() for p in net.parameters()) == 6_487_075


def test_every_official_key_is_met_and_every_key_of_ours(official: dict[str, Tensor], net: MODNetBase) -> None:
    assert len(official) == 751
    assert {rename(key) for key in official} == set(net.state_dict())


@pytest.mark.parametrize(("head", "key"), [("semantic", "semantic"), ("detail", "detail"), ("alpha", "matte")])
def test_heads_equal_the_released_network(net: MODNetBase, head: str, key: str) -> None:
    with torch.no_grad():
        outputs = net(torch.from_numpy(FIXTURE["net_input"]), heads=True)
    np.testing.assert_allclose(outputs[head].numpy(), FIXTURE[f"out_{key}"], rtol=0, atol=TOLERANCE)


def test_inference_gives_alpha_alone_and_the_same(net: MODNetBase) -> None:
    x = torch.from_numpy(FIXTURE["net_input"])
    with torch.no_grad():
        alone, full = net(x), net(x, heads=True)
    assert set(alone) == {"alpha"} and torch.equal(alone["alpha"], full["alpha"])
    np.testing.assert_allclose(alone["alpha"].numpy(), FIXTURE["out_matte_inference"], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("case", ["odd0", "odd1"])
def test_released_image_demo(net: MODNetBase, case: str) -> None:
    rgb = torch.from_numpy(FIXTURE[f"{case}_image_rgb"]).permute(2, 0, 1)
    matte = published_matte(net, rgb)
    np.testing.assert_allclose(matte.numpy(), FIXTURE[f"out_{case}_matte"], rtol=0, atol=TOLERANCE)


def test_size_rule_of_the_released_demo() -> None:
    pairs = zip(FIXTURE["resize_in_hw"].tolist(), FIXTURE["resize_out_hw"].tolist(), strict=True)
    for (height, width), expected in pairs:
        assert published_size((height, width)) == tuple(expected)


def test_a_sliver_is_refused() -> None:
    with pytest.raises(InputError, match="below 32 px"):
        published_size((20, 600))


def test_train_mode_equals_the_released_network(official: dict[str, Tensor]) -> None:
    network = from_official("modnet", reseeded(official)).train()
    outputs = network(torch.from_numpy(LOSSES["train_net_input"]))
    for head, key in (("semantic", "semantic"), ("detail", "detail"), ("alpha", "matte")):
        np.testing.assert_allclose(outputs[head].detach(), LOSSES[f"out_train_{key}"], rtol=0, atol=TOLERANCE)
    norm = network.get_submodule("fusion.conv_f2x.layers.1.bnorm")
    assert isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None and norm.running_var is not None
    np.testing.assert_allclose(norm.running_mean, LOSSES["running_mean_f"], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(norm.running_var, LOSSES["running_var_f"], rtol=0, atol=TOLERANCE)


def reseeded(official: dict[str, Tensor]) -> dict[str, Tensor]:
    assert float(LOSSES["gain"]) == float(FIXTURE["gain"])
    seed, state = int(LOSSES["seed"]), {}
    for key, tensor in official.items():
        name = key.removeprefix("module.")
        decisive = f"lr_branch.{name}" if name.startswith("backbone.") else name
        values = deterministic.values_for(decisive, tensor.shape, seed, float(LOSSES["gain"]))
        state[key] = torch.zeros_like(tensor) if "num_batches" in key else torch.tensor(values, dtype=tensor.dtype)
    return state


def test_another_networks_file_is_refused_by_name(official: dict[str, Tensor], tmp_path: Path) -> None:
    short = dict(list(official.items())[:-3]) | {"module.head.weight": torch.zeros(3)}
    with pytest.raises(WeightsError, match=r"3 tensors missing, 1 unknown, 0 of another shape"):
        from_official("modnet", short)
    file = tmp_path / "damaged.ckpt"
    file.write_bytes(b"no checkpoint")
    with pytest.raises(WeightsError, match=r"damaged\.ckpt cannot be read"):
        from_official("modnet", str(file))


def test_a_checkpoint_file_loads_like_its_state_dict(
    official: dict[str, Tensor], net: MODNetBase, tmp_path: Path
) -> None:
    torch.save(official, tmp_path / "modnet.ckpt")
    loaded = from_official("modnet", tmp_path / "modnet.ckpt").state_dict()
    assert all(torch.equal(tensor, loaded[key]) for key, tensor in net.state_dict().items())


@pytest.mark.parametrize("lite", [False, True])
def test_contract_on_a_small_input_forward_and_backward(lite: bool) -> None:
    torch.manual_seed(0)
    network = build("modnet", lite=lite).train()
    outputs = network(torch.rand(2, 3, 64, 96) * 2 - 1)
    assert {name: tuple(t.shape) for name, t in outputs.items()} == {
        "alpha": (2, 1, 64, 96),
        "semantic": (2, 1, 4, 6),
        "detail": (2, 1, 64, 96),
    }
    assert all(t.min() >= 0 and t.max() <= 1 for t in outputs.values())
    torch.stack([t.mean() for t in outputs.values()]).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())


@pytest.mark.parametrize("hw", [(65, 64), (64, 40), (0, 64)])
def test_sizes_that_are_no_multiples_are_refused(hw: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="multiples of 32"):
        build("modnet", lite=True).eval()(torch.zeros(1, 3, *hw))


def test_freeze_norm_stops_the_running_statistics() -> None:
    network = build("modnet", lite=True).train()
    assert isinstance(network, MODNetBase)
    network.freeze_norm()
    before = {k: v.clone() for k, v in network.state_dict().items() if "running" in k}
    network(torch.rand(2, 3, 64, 64))
    after = network.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in before.items())


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling as in DeepLab v3: what e-ASPP replaces."""

    def __init__(self, width: int, rates: tuple[int, ...] = (1, 2, 4)) -> None:
        super().__init__()
        self.point = nn.Conv2d(width, width, 1, bias=False)
        self.atrous = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=rate, dilation=rate, bias=False) for rate in rates
        )
        self.pooled = nn.Conv2d(width, width, 1, bias=False)
        self.fuse = nn.Conv2d(width * (len(rates) + 2), width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.pooled(x.mean((2, 3), keepdim=True)).expand_as(x)
        scales = [self.point(x), *(branch(x) for branch in self.atrous), pooled]
        fused: Tensor = self.fuse(torch.cat(scales, 1))
        return fused


@pytest.mark.parametrize("width", [320, 1280])
def test_easpp_costs_at_most_two_percent_of_an_aspp_of_equal_width(width: int) -> None:
    efficient, full, x = EASPP(width).eval(), ASPP(width).eval(), torch.zeros(1, width, 16, 16)
    assert efficient(x).shape == full(x).shape == x.shape
    assert parameters(efficient) <= 0.02 * parameters(full)
    assert multiply_adds(efficient, x) <= 0.02 * multiply_adds(full, x)


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def multiply_adds(module: nn.Module, x: Tensor) -> int:
    """Of all convolutions: output positions times the weights that each of them multiplies."""
    counts: list[int] = []

    def count(conv: nn.Module, _inputs: object, output: Tensor) -> None:
        counts.append(output.shape[-2] * output.shape[-1] * sum(p.numel() for p in conv.parameters()))

    hooks = [m.register_forward_hook(count) for m in module.modules() if isinstance(m, nn.Conv2d)]
    module(x)
    for hook in hooks:
        hook.remove()
    return sum(counts)


def test_easpp_fuses_the_scales_of_each_channel_before_the_channels() -> None:
    # with every branch silenced but one channel's, only that channel may reach the fusion's output
    module = EASPP(16).eval()
    seen: list[Tensor] = []
    module.fuse_scales.register_forward_hook(lambda _m, _i, output: seen.append(output))
    only: Callable[[int], Tensor] = lambda channel: torch.zeros(1, 4, 8, 8).index_fill_(  # noqa: E731
        1, torch.tensor([channel]), 1.0
    )
    for channel in range(4):
        module.compress = nn.Sequential(Constant(only(channel)))
        module(torch.zeros(1, 16, 8, 8))
        others = [c for c in range(4) if c != channel]
        assert seen[-1][:, others].abs().max() < 1e-6 < seen[-1][:, channel].abs().max()


class Constant(nn.Module):
    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = value

    def forward(self, _x: Tensor) -> Tensor:
        return self.value
