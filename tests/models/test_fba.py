"""FBA against the fixtures of the released network, and the lite form against its own promises."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mattelier.errors import InputError, WeightsError
from mattelier.models import build, from_official
from mattelier.models.fba import BINS, FBA, PyramidPool, clipped, fuse
from mattelier.runtime.prepare_fba import MEAN, STD, published_input, published_layers
from parity import deterministic

PARITY = Path(__file__).parent.parent / "parity"
FIXTURE = np.load(PARITY / "fba.npz")
OPS = np.load(PARITY / "fba_ops.npz")
KEYS = json.loads((PARITY / "fba.keys.json").read_text())
# float32 against float64 of one and the same code differ by up to 8e-5 on these weights
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def official() -> dict[str, Tensor]:
    """A state dict as released, in float64 so that double precision has the fixture's very weights."""
    seed, gain = int(FIXTURE["seed"]), float(FIXTURE["gain"])
    return {
        key: torch.from_numpy(deterministic.values_for(key, shape, seed, gain)) for key, (shape, _dtype) in KEYS.items()
    }


@pytest.fixture(scope="module")
def net(official: dict[str, Tensor]) -> FBA:
    return loaded(official)


def loaded(official: dict[str, Tensor], legacy_ws: bool = False) -> FBA:
    network = from_official("fba", official, legacy_ws=legacy_ws)
    assert isinstance(network, FBA) and not network.training
    return network


def inputs(dtype: torch.dtype) -> tuple[Tensor, ...]:
    image, two_chan, transformed = (
        torch.from_numpy(FIXTURE[f"in_{name}"]) for name in ("image", "two_chan_trimap", "trimap_transformed")
    )
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    return tuple(x.to(dtype) for x in (image, two_chan, (image - mean) / std, transformed))


def channels(outputs: dict[str, Tensor]) -> np.ndarray:
    return torch.cat([outputs[head] for head in ("alpha", "foreground", "background")], 1).detach().numpy()


def test_a_clipped_value_still_learns() -> None:
    x = torch.tensor([-0.5, 0.25, 1.75], requires_grad=True)
    y = clipped(x)
    assert y.tolist() == [0.0, 0.25, 1.0] and clipped(x.detach()).tolist() == y.tolist()
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [1.0, 1.0, 1.0]


def test_names_shapes_and_order_are_the_released_ones(net: FBA) -> None:
    assert list(deterministic.key_table(net).items()) == list(KEYS.items())
    assert len(KEYS) == 197 and sum(p.numel() for p in net.parameters()) == 34_693_031


def test_heads_equal_the_released_network(net: FBA) -> None:
    raw: list[Tensor] = []
    hook = net.decoder.conv_up4.register_forward_hook(lambda _m, _i, output: raw.append(output))
    with torch.no_grad():
        outputs = net(*inputs(torch.float32))
    hook.remove()
    np.testing.assert_allclose(channels(outputs), FIXTURE["out"], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(raw[0], FIXTURE["out_raw_conv_up4"], rtol=0, atol=TOLERANCE)


def test_heads_equal_the_released_network_in_double_precision(official: dict[str, Tensor]) -> None:
    network = loaded(official).double()
    network.load_state_dict(official)
    with torch.no_grad():
        outputs = network(*inputs(torch.float64))
    np.testing.assert_allclose(channels(outputs), FIXTURE["out_f64"], rtol=0, atol=1e-6)


def test_legacy_standardisation_equals_the_code_of_2020(official: dict[str, Tensor], net: FBA) -> None:
    with torch.no_grad():
        outputs = loaded(official, legacy_ws=True)(*inputs(torch.float32))
    np.testing.assert_allclose(channels(outputs), FIXTURE["out_legacy_ws"], rtol=0, atol=TOLERANCE)
    assert np.abs(FIXTURE["out_legacy_ws"] - FIXTURE["out"]).max() > 100 * TOLERANCE  # the two rules can be told apart


def test_features_equal_the_released_network(net: FBA) -> None:
    names = [key.removeprefix("feat/") for key in FIXTURE.files if key.startswith("feat/")]
    seen: dict[str, Tensor] = {}
    hooks = [
        net.get_submodule(name).register_forward_hook(lambda _m, _i, o, name=name: seen.update({name: o}))
        for name in names
    ]
    with torch.no_grad():
        net(*inputs(torch.float32))
    for hook in hooks:
        hook.remove()
    for name in names:
        np.testing.assert_allclose(seen[name].mean((0, 2, 3)), FIXTURE[f"feat/{name}"], rtol=0, atol=5e-4, err_msg=name)


@pytest.mark.parametrize("case", ["", "odd_"])
def test_released_test_procedure(net: FBA, case: str) -> None:
    rgb, trimap = FIXTURE[f"{case}image_rgb"], FIXTURE[f"{case}trimap"]
    with torch.no_grad():
        outputs = net(*(torch.from_numpy(x) for x in published_input(rgb, trimap).values()))
    layers = published_layers({head: x.numpy() for head, x in outputs.items()}, rgb, trimap)
    if not case:
        np.testing.assert_allclose(layers.alpha, FIXTURE["out_demo_alpha"], rtol=0, atol=TOLERANCE)
        return
    for name, plane in (("alpha", layers.alpha), ("fg", layers.foreground), ("bg", layers.background)):
        np.testing.assert_allclose(plane, FIXTURE[f"out_odd_{name}"], rtol=0, atol=TOLERANCE, err_msg=name)


def test_evaluation_writes_nothing_into_the_weights(official: dict[str, Tensor]) -> None:
    network = loaded(official)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    network.train().eval()
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_fusion_equals_the_released_code() -> None:
    given = (torch.from_numpy(OPS[f"fusion_in_{name}"]) for name in ("image", "alpha", "F", "B"))
    outputs = fuse(*given)
    for head, key in (("alpha", "alpha"), ("foreground", "F"), ("background", "B")):
        np.testing.assert_allclose(outputs[head], OPS[f"fusion_out_{key}"], rtol=0, atol=1e-6)


def test_fusion_leaves_an_exact_answer_exact() -> None:
    foreground, background = torch.tensor([0.9, 0.2, 0.4]), torch.tensor([0.1, 0.7, 0.4])
    f, b = (colour[None, :, None, None].expand(1, 3, 2, 2) for colour in (foreground, background))
    alpha = torch.tensor([[[[0.0, 0.25], [0.5, 1.0]]]])
    image = alpha * f + (1 - alpha) * b
    outputs = fuse(image, alpha, f, b)
    np.testing.assert_allclose(outputs["alpha"], alpha, atol=1e-6)
    blended = outputs["alpha"] * outputs["foreground"] + (1 - outputs["alpha"]) * outputs["background"]
    np.testing.assert_allclose(blended, image, atol=1e-6)


@pytest.mark.parametrize("hw", [(6, 6), (12, 16), (10, 13), (7, 5), (25, 34)])
def test_pyramid_pooling_is_adaptive_average_pooling(hw: tuple[int, int]) -> None:
    x = torch.rand(2, 3, *hw, generator=torch.Generator().manual_seed(0))
    for bins in BINS:
        expected = torch.nn.functional.adaptive_avg_pool2d(x, bins)
        torch.testing.assert_close(PyramidPool(bins)(x), expected, rtol=0, atol=1e-6)


def test_a_checkpoint_file_loads_like_its_state_dict(official: dict[str, Tensor], net: FBA, tmp_path: Path) -> None:
    torch.save({key: tensor.float() for key, tensor in official.items()}, tmp_path / "FBA.pth")
    again = from_official("fba", tmp_path / "FBA.pth").state_dict()
    assert all(torch.equal(tensor, again[key]) for key, tensor in net.state_dict().items())


def changed(official: dict[str, Tensor], kind: str) -> dict[str, Tensor]:
    if kind == "batch norm":
        return official | {"encoder.bn1.running_mean": torch.zeros(64)}
    if kind == "parallel":
        return {f"module.{key}": tensor for key, tensor in official.items()}
    if kind == "encoder":
        return {key: tensor for key, tensor in official.items() if key.startswith("encoder.")}
    if kind == "shape":
        return official | {"encoder.conv1.weight": torch.zeros(64, 14, 7, 7)}
    return {"head.weight": torch.zeros(3)}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("batch norm", "an FBA checkpoint with batch norm.*0 tensors missing, 1 unknown"),
        ("parallel", r"behind `module\.`"),
        ("encoder", "without FBA's decoder"),
        ("shape", r"1 of another shape \(first: encoder\.conv1\.weight\)"),
        ("other", "^not an FBA checkpoint: 197 tensors missing, 1 unknown"),
    ],
)
def test_another_variant_is_refused_by_name(official: dict[str, Tensor], kind: str, words: str) -> None:
    with pytest.raises(WeightsError, match=words):
        from_official("fba", changed(official, kind))


def test_files_that_are_no_state_dict_are_refused(tmp_path: Path) -> None:
    (tmp_path / "damaged.pth").write_bytes(b"no checkpoint")
    with pytest.raises(WeightsError, match=r"damaged\.pth cannot be read"):
        from_official("fba", tmp_path / "damaged.pth")
    torch.save({"epoch": 3, "state_dict": {}}, tmp_path / "run.pth")
    with pytest.raises(WeightsError, match="no bare state dict"):
        from_official("fba", tmp_path / "run.pth")
    torch.save(PyramidPool(2), tmp_path / "pickle.pth")  # a module: would run code when loaded
    with pytest.raises(WeightsError, match="cannot be read"):
        from_official("fba", tmp_path / "pickle.pth")


def random_inputs(batch: int, hw: tuple[int, int]) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.rand(batch, width, *hw, generator=generator) for width in (3, 2, 3, 6))


@pytest.mark.parametrize("lite", [False, True])
def test_contract_on_one_small_picture_forward_and_backward(lite: bool) -> None:
    torch.manual_seed(0)
    network = build("fba", lite=lite).train()
    outputs = network(*random_inputs(1, (48, 64)))
    assert {name: tuple(t.shape) for name, t in outputs.items()} == {
        "alpha": (1, 1, 48, 64),
        "foreground": (1, 3, 48, 64),
        "background": (1, 3, 48, 64),
    }
    assert all(t.min() >= 0 and t.max() <= 1 for t in outputs.values())
    torch.stack([t.square().mean() for t in outputs.values()]).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())


def test_a_picture_does_not_see_its_batch() -> None:
    torch.manual_seed(0)
    network = build("fba", lite=True).double().train()
    both = tuple(x.double() for x in random_inputs(2, (48, 64)))
    with torch.no_grad():
        together, alone = network(*both)["alpha"][:1], network(*(x[:1] for x in both))["alpha"]
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-9)


def test_lite_fits_its_budget() -> None:
    network = build("fba", lite=True)
    assert isinstance(network, FBA)
    size_bytes = sum(p.numel() * (2 if p.ndim > 1 else 4) for p in network.parameters())
    assert size_bytes <= 10e6
    norms = [m for m in network.modules() if "Norm" in type(m).__name__]
    assert norms and all(isinstance(m, torch.nn.GroupNorm) for m in norms)


@pytest.mark.parametrize("hw", [(49, 64), (64, 60), (0, 64)])
def test_sizes_that_are_no_multiples_are_refused(hw: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="multiples of 8"):
        build("fba", lite=True)(*random_inputs(1, hw))


def test_inputs_out_of_order_are_refused() -> None:
    image, two_chan, image_n, transformed = random_inputs(1, (16, 16))
    with pytest.raises(InputError, match="in this order"):
        build("fba", lite=True)(image, image_n, two_chan, transformed)
