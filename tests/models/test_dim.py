"""DIM against the fixtures of two published networks, and the lite form against its own promises."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mattelier.errors import InputError, WeightsError
from mattelier.evaluate import metrics
from mattelier.image.interpolate import interpolate
from mattelier.models import build, from_official
from mattelier.models.dim import official_names
from mattelier.runtime.prepare_dim import published_alpha, published_input, published_size, published_tiles, put_back
from parity import deterministic

PARITY = Path(__file__).parent.parent / "parity"
TOLERANCE = 1e-5
PARAMETERS = {
    "stage1": 28_297_153,
    "stage3": 28_373_954,
    "noskip_stage1": 28_297_153,
    "noskip_stage3": 28_373_954,
    "noskip_conv6k1_stage3": 26_276_802,
    "foamliu": 25_582_595,
}
LITE_BYTES = 8_000_000


@cache
def drawn(key: str, shape: tuple[int, ...], seed: int, gain: float) -> Tensor:
    """Most fixtures share most tensors; to the bit, or two nearly equal values in a window change their places."""
    return torch.from_numpy(deterministic.values_for(key, shape, seed, gain)).float()


@cache
def keys_of(name: str) -> dict[str, Any]:
    keys: dict[str, Any] = json.loads((PARITY / f"dim_{name}.keys.json").read_text())
    return keys


@cache
def fixture_of(name: str) -> Any:
    return np.load(PARITY / f"dim_{name}.npz")


def official(name: str) -> dict[str, Tensor]:
    """A state dict as published, its numbers made from the names."""
    seed, gain = int(fixture_of(name)["seed"]), float(fixture_of(name)["gain"])
    state = {}
    for key, (shape, dtype) in keys_of(name).items():
        if dtype == "int64":  # the counters of batch norm
            state[key] = torch.zeros(shape, dtype=torch.int64)
        else:
            state[key] = drawn(key, tuple(shape), seed, gain)
    return state


def loaded(name: str) -> nn.Module:
    return from_official("dim", official(name), **({"skip": False} if name.startswith("noskip") else {}))


def as_published(name: str, outputs: dict[str, Tensor]) -> dict[str, np.ndarray]:
    """Our heads under the fixture's names."""
    if name == "foamliu":
        return {"out_alpha": outputs["alpha"][:, 0].numpy()}
    heads = {"out_pred_mattes": outputs["coarse"].numpy(), "out_pred_alpha": outputs["alpha"].numpy()}
    if name.endswith("stage1"):  # without refinement there is one alpha
        assert torch.equal(outputs["alpha"], outputs["coarse"])
        del heads["out_pred_alpha"]
    return heads


def features(name: str, net: nn.Module) -> dict[str, nn.Module]:
    """The modules whose outputs the fixture holds, by its names."""
    own = {theirs.rpartition(".")[0]: ours.rpartition(".")[0] for theirs, ours in official_names(net).items()}
    wanted = [key.removeprefix("feat/") for key in fixture_of(name).files if key.startswith("feat/")]
    last = {"up": ".conv.cbr_unit.1", "do": ".cbr_unit.1"} if name == "foamliu" else {}
    return {key: net.get_submodule(own[key + last.get(key[:2], "")]) for key in wanted}


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_key_is_met_and_every_layer_equals_the_published_network(name: str) -> None:
    net, fixture = loaded(name), fixture_of(name)
    assert not net.training and sum(p.numel() for p in net.parameters()) == PARAMETERS[name]
    names = official_names(net)
    assert list(names) == list(keys_of(name)) and set(names.values()) == set(net.state_dict())
    seen: dict[str, np.ndarray] = {}
    for key, module in features(name, net).items():
        # before the ReLU behind it
        module.register_forward_hook(lambda _m, _i, out, key=key: seen.update({key: out.mean((0, 2, 3)).numpy()}))
    with torch.inference_mode():
        heads = as_published(name, net(torch.from_numpy(fixture["net_input"])))
    assert set(heads) == {"out_pred_mattes", "out_pred_alpha", "out_alpha"} & set(fixture.files)
    for head, values in heads.items():
        np.testing.assert_allclose(values, fixture[head], rtol=0, atol=TOLERANCE, err_msg=head)
    assert len(seen) == sum(key.startswith("feat/") for key in fixture.files)
    if name != "foamliu":  # its features are behind the ReLU
        for key, means in seen.items():
            np.testing.assert_allclose(means, fixture[f"feat/{key}"], rtol=0, atol=TOLERANCE, err_msg=key)


@pytest.mark.parametrize("name", ["stage1", "stage3"])
def test_published_test_procedures(name: str) -> None:
    net, fixture = loaded(name), fixture_of(name)
    rgb, trimap = fixture["odd_image_rgb"], fixture["odd_trimap"]

    def run(tile: tuple[slice, slice], size: tuple[int, int]) -> np.ndarray:
        """The answer for a part of the picture before known pixels are put back."""
        with torch.inference_mode():
            x = torch.from_numpy(published_input(rgb[tile], trimap[tile], size)["x"])
            alpha = net(x)["alpha"].numpy()
        return interpolate(alpha[0, 0], trimap[tile].shape)

    everything, hw = (slice(None), slice(None)), trimap.shape
    whole = run(everything, published_size(hw))
    np.testing.assert_allclose(whole, fixture["out_odd_whole"], rtol=0, atol=TOLERANCE)
    resized = run(everything, (64, 64))
    np.testing.assert_allclose(resized, fixture["out_odd_resize64"], rtol=0, atol=TOLERANCE)
    assert published_size(hw, longest_px=64) == (64, 64)
    np.testing.assert_allclose(resized, fixture["out_odd_whole_max64"], rtol=0, atol=TOLERANCE)
    tiled = np.zeros(hw, np.float32)
    for tile in published_tiles(trimap, (64, 64)):
        tiled[tile] = run(tile, (64, 64))
    np.testing.assert_allclose(tiled, fixture["out_odd_crop64"], rtol=0, atol=TOLERANCE)
    final = put_back(whole, trimap)
    np.testing.assert_allclose(final, fixture["out_odd_whole_final"], rtol=0, atol=TOLERANCE)
    eight_bit = (final * 255).astype(np.uint8)
    assert (eight_bit != fixture["out_odd_whole_final_u8"]).mean() < 0.001  # truncation on the verge of a value
    check_metrics(final, fixture, trimap)


def check_metrics(final: np.ndarray, fixture: Any, trimap: np.ndarray) -> None:
    """Both codes count every pixel's error, and divide the squares by the unknown pixels alone."""
    true = fixture["odd_gt_alpha_u8"]
    assert 1000 * metrics.sad(final, true) == pytest.approx(fixture["loss_metric_sad_unscaled"].item(), rel=1e-5)
    share = (trimap == 128).mean()
    assert metrics.mse(final, true) / share == pytest.approx(fixture["loss_metric_mse"].item(), rel=1e-5)


def test_foamliu_s_network_takes_odd_sizes() -> None:
    net, fixture = loaded("foamliu"), fixture_of("foamliu")
    rgb, trimap = fixture["odd_image_rgb"], fixture["odd_trimap"]
    with torch.inference_mode():
        alpha = net(torch.from_numpy(published_input(rgb, trimap, trimap.shape)["x"]))["alpha"].numpy()
    np.testing.assert_allclose(alpha[0], fixture["out_odd_alpha"], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(published_alpha(alpha, trimap), fixture["out_odd_final"], rtol=0, atol=TOLERANCE)


def test_skip_is_the_one_thing_a_file_does_not_tell() -> None:
    assert keys_of("stage3") == keys_of("noskip_stage3")
    x, state = torch.from_numpy(fixture_of("stage1")["net_input"][..., :32, :32]), official("stage1")
    with torch.inference_mode():
        by_default, with_skip, without = (
            from_official("dim", state, **options)(x)["alpha"] for options in ({}, {"skip": True}, {"skip": False})
        )
    assert torch.equal(by_default, with_skip) and not torch.equal(by_default, without)


def test_a_checkpoint_file_loads_like_its_state_dict(tmp_path: Path) -> None:
    state = official("stage1")
    torch.save({"epoch": 11, "best_sad": 52.99, "state_dict": state}, tmp_path / "stage1_skip_sad_52.9.pth")
    own = from_official("dim", tmp_path / "stage1_skip_sad_52.9.pth").state_dict()
    assert torch.equal(own["decoder.steps.4.0.weight"], state["deconv1_1.weight"])
    assert torch.equal(own["encoder.groups.0.0.weight"], state["conv1_1.weight"])


def few(name: str) -> dict[str, Tensor]:
    """The names and shapes of a checkpoint, without numbers."""
    return {key: torch.empty(shape, device="meta") for key, (shape, _dtype) in keys_of(name).items()}


def changed(kind: str) -> dict[str, Tensor]:
    state = few("stage3")
    if kind == "lacking":
        return {key: tensor for key, tensor in state.items() if key != "refine_pred.bias"}
    if kind == "more":
        return few("foamliu") | {"up0.conv.weight": torch.zeros(1)}
    if kind == "shape":
        return state | {"conv1_1.weight": torch.zeros(64, 3, 3, 3)}
    if kind == "parallel":
        return {f"module.{key}": tensor for key, tensor in state.items()}
    if kind == "vgg":
        return {"features.0.weight": torch.zeros(64, 3, 3, 3), "classifier.0.weight": torch.zeros(1, 1)}
    return {"backbone.encoder.layers.0.weight": torch.zeros(3)}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("lacking", r"not whole: 1 tensors missing, 0 unknown.*refine_pred\.bias"),
        ("more", r"not whole: 0 tensors missing, 1 unknown.*up0"),
        ("shape", r"1 of another shape \(first: conv1_1\.weight\)"),
        ("parallel", r"behind `module\.`"),
        ("vgg", "^a VGG classifier, the encoder's start, without a decoder: "),
        ("other", r"^not a DIM checkpoint \(it begins with backbone\.encoder"),
    ],
)
def test_another_variant_is_refused_by_name(kind: str, words: str) -> None:
    with pytest.raises(WeightsError, match=words):
        from_official("dim", changed(kind))


def test_what_cannot_be_read_is_refused_with_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="adds no skips; found skip=True; leave it out"):
        from_official("dim", few("foamliu"), skip=True)
    torch.save({"epoch": 3, "model": nn.ReLU()}, tmp_path / "BEST_checkpoint.tar")  # code would run when loaded
    with pytest.raises(WeightsError, match=r"(?s)cannot be read.*save its model\.module\.state_dict\(\)"):
        from_official("dim", tmp_path / "BEST_checkpoint.tar")


@pytest.mark.parametrize("options", [{"lite": True}, {"refine": False}, {"batch_norm": True}], ids=str)
def test_contract_forward_and_backward(options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    net = build("dim", **options).train()
    outputs = net(torch.randn(2, 4, 64, 32))
    assert {name: tuple(t.shape) for name, t in outputs.items()} == {"alpha": (2, 1, 64, 32), "coarse": (2, 1, 64, 32)}
    assert all(t.min() >= 0 and t.max() <= 1 for t in outputs.values())
    (outputs["alpha"].mean() + outputs["coarse"].square().mean()).backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in net.parameters())


def test_a_refinement_begins_by_changing_nothing_and_then_adds_to_the_logit() -> None:
    torch.manual_seed(0)
    net, x = build("dim", lite=True).eval(), torch.randn(1, 4, 32, 32)
    with torch.inference_mode():
        outputs = net(x)
        assert torch.equal(outputs["alpha"], outputs["coarse"])
        nn.init.constant_(net.get_submodule("refine.residual").bias, 2.0)  # type: ignore[arg-type]
        outputs = net(x)
    difference = torch.logit(outputs["alpha"].double()) - torch.logit(outputs["coarse"].double())
    torch.testing.assert_close(difference, torch.full_like(difference, 2.0), rtol=0, atol=1e-4)


def test_lite_fits_its_budget() -> None:
    net = build("dim", lite=True).eval()
    assert sum(p.numel() * (2 if p.ndim > 1 else 4) for p in net.parameters()) <= LITE_BYTES
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        net(torch.zeros(1, 4, 256, 256))
    assert counted.get_total_flops() / 2 == pytest.approx(1.87e9, rel=0.01)  # multiply-adds, as its page says


@pytest.mark.parametrize("hw", [(49, 64), (64, 48), (0, 64)])
def test_sizes_that_are_no_multiples_are_refused(hw: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=r"multiples of 32, from 32 on; pad or resize"):
        build("dim", lite=True)(torch.zeros(1, 4, *hw))
    with pytest.raises(InputError, match="3 channels; DIM takes RGB and a trimap"):
        build("dim", lite=True)(torch.zeros(1, 3, 64, 64))


@pytest.mark.parametrize(
    "options", [{"lite": True, "skip": False}, {"conv6_kernel": 5}, {"batch_norm": True, "refine": False}], ids=str
)
def test_variants_that_do_not_go_together_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="expected a kernel of 1 or 3"):
        build("dim", **options)
