"""MatteFormer against the fixtures of the released network, and the lite form against its own promises."""

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mattelier.backbones.swin import shift_mask
from mattelier.errors import InputError, WeightsError
from mattelier.image.ellipse import rectangles
from mattelier.models import build, from_official
from mattelier.models.matteformer import (
    MatteFormer,
    PASTBlock,
    SNConv,
    SNUp,
    indices,
    merge,
    official_name,
    prior_tokens,
    settle,
    unknown,
)
from mattelier.runtime import prepare_matteformer
from parity import deterministic

PARITY = Path(__file__).parent.parent / "parity"
OPS = np.load(PARITY / "matteformer-ops.npz")
KEYS: dict[str, tuple[list[int], str]] = json.loads((PARITY / "matteformer.keys.json").read_text())
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def net() -> MatteFormer:
    """One network for all fixtures: their weights differ in the seed alone."""
    torch.set_num_threads(1)
    network = build("matteformer")
    assert isinstance(network, MatteFormer)
    return network


def official(net: MatteFormer, seed: int, gain: float) -> dict[str, Tensor]:
    """A state dict as released: behind `module.`, and with every whole number as a float."""
    index = {f"module.{key}": tensor.float() for key, tensor in indices(net)}
    made = {
        f"module.{key}": torch.from_numpy(deterministic.values_for(key, shape, seed, gain)).float()
        for key, (shape, dtype) in KEYS.items()
        if dtype == "float32"
    }
    counts = {f"module.{key}": torch.zeros(()) for key in KEYS if key.endswith("num_batches_tracked")}
    return made | index | counts


def inputs(fixture: Mapping[str, np.ndarray], prefix: str = "") -> tuple[Tensor, Tensor]:
    return torch.from_numpy(fixture[f"{prefix}image"]), torch.from_numpy(fixture[f"{prefix}trimap"]).float()


@pytest.mark.parametrize("name", ["matteformer", "matteformer-224", "matteformer-b2"])
def test_heads_equal_the_released_network(net: MatteFormer, name: str) -> None:
    fixture = np.load(PARITY / f"{name}.npz")
    network = from_official("matteformer", official(net, int(fixture["seed"]), float(fixture["gain"])))
    assert isinstance(network, MatteFormer) and not network.training
    features: list[Tensor] = []
    network.encoder.register_forward_hook(lambda _m, _i, output: features.extend(output[0]))
    with torch.no_grad():
        outputs = network(*inputs(fixture))
    for head in ("alpha_os1", "alpha_os4", "alpha_os8"):
        np.testing.assert_allclose(outputs[head], fixture[head], rtol=0, atol=TOLERANCE, err_msg=head)
    for key in fixture.files:
        if key.startswith("encoder_out"):
            largest = np.abs(fixture[key]).max()
            np.testing.assert_allclose(features[int(key[-1])], fixture[key], rtol=0, atol=1e-4 * largest, err_msg=key)


def test_names_and_shapes_are_the_released_ones(net: MatteFormer) -> None:
    ours = {official_name(key): list(tensor.shape) for key, tensor in net.state_dict().items()}
    ours |= {key: list(tensor.shape) for key, tensor in indices(net)}
    assert ours == {key: shape for key, (shape, _dtype) in KEYS.items()} and len(KEYS) == 509
    trainable = sum(p.numel() for p in net.parameters())
    vectors = sum(b.numel() for name, b in net.named_buffers() if name.endswith(("weight_u", "weight_v")))
    assert (trainable, trainable + vectors) == (44_747_130, 44_813_136)


@pytest.mark.parametrize("number", [0, 1])
def test_relative_positions_equal_the_released_ones(net: MatteFormer, number: int) -> None:
    key = f"encoder.layers.0.blocks.{number}.attn.relative_position_index"
    np.testing.assert_array_equal(dict(indices(net))[key], OPS[f"relative_position_index_block{number}"])


def test_a_block_and_its_memory_equal_the_released_ones() -> None:
    block = PASTBlock(96, 3, number=1, drop_path=0.0).eval()
    seed, gain, place = int(OPS["past_seed"]), float(OPS["past_gain"]), "encoder.layers.0.blocks.1."
    state = {
        key: torch.from_numpy(deterministic.values_for(place + key, tensor.shape, seed, gain)).float()
        for key, tensor in block.state_dict().items()
    }
    block.load_state_dict(state)
    types = ("unknown", "fg", "bg")  # "fg" is the area of channel 0, "bg" that of channel 2
    x = torch.from_numpy(OPS["past_block1_in"]).unflatten(1, (16, 24))
    areas = torch.from_numpy(np.concatenate([OPS[f"past_area_{name}"] for name in ("uk", "fg", "bg")], -1))
    areas = areas.permute(0, 3, 1, 2).float()
    memory = torch.from_numpy(np.stack([OPS[f"past_block1_memory_in_{name}"] for name in types], 2))[0]
    with torch.no_grad():
        y, tokens, _shares = block(x, memory, areas, shift_mask((16, 24), x))
    new = prior_tokens(x, areas)
    np.testing.assert_allclose(new[:, 0], OPS["past_block1_new_prior_unknown"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(y.flatten(1, 2), OPS["past_block1_out"], rtol=1e-5, atol=1e-4)
    for number, name in enumerate(types):
        expected = OPS[f"past_block1_memory_out_{name}"]  # (sets, B, C)
        np.testing.assert_allclose(tokens[:, number::3].transpose(0, 1), expected, rtol=1e-5, atol=1e-4, err_msg=name)


def test_an_empty_area_gives_a_zero_token() -> None:
    x = torch.arange(8.0).view(1, 2, 2, 2)
    areas = torch.tensor([[[[1.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]]])
    torch.testing.assert_close(prior_tokens(x, areas), torch.tensor([[[1.0, 2.0], [6.0, 7.0], [0.0, 0.0]]]))


def normed(name: str) -> SNConv | SNUp:
    bar = torch.from_numpy(OPS[f"{name}_weight_bar"])
    layer: SNConv | SNUp = SNConv(bar.shape[1], bar.shape[0]) if name == "sn" else Rectangular(*bar.shape)
    u, v = (torch.from_numpy(OPS[f"{name}_{letter}"]) for letter in "uv")
    layer.load_state_dict({"weight_bar": bar, "weight_u": u, "weight_v": v})
    return layer


class Rectangular(SNUp):
    """The fixture's transposed convolution, with another number of channels on either side."""

    def __init__(self, *shape: int) -> None:
        super(SNUp, self).__init__(*shape)


@pytest.mark.parametrize("name", ["sn", "snT"])
def test_spectral_norm_equals_the_released_code(name: str) -> None:
    layer, x = normed(name).eval(), torch.from_numpy(OPS[f"{name}_x"])
    np.testing.assert_allclose(layer(x).detach(), OPS[f"{name}_y_eval"], rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(layer.weight_u, OPS[f"{name}_u"])
    if name == "sn":
        np.testing.assert_allclose(layer.train()(x).detach(), OPS["sn_y_train"], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(layer.weight_u, OPS["sn_u_after"], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(layer.weight_v, OPS["sn_v_after"], rtol=1e-5, atol=1e-6)


def test_training_brings_the_largest_singular_value_to_one() -> None:
    torch.manual_seed(0)
    layer = SNConv(6, 8).train()
    for _ in range(60):
        layer.weight()
    assert torch.linalg.matrix_norm(layer.weight().flatten(1), 2).item() == pytest.approx(1.0, abs=1e-3)
    assert {name for name, _ in layer.named_parameters()} == {"weight_bar"}  # u and v are never trained


def test_averaged_weights_are_settled_before_they_are_run() -> None:
    network = lite()
    layer = network.get_submodule("decoder.layer1.0.conv2")
    assert isinstance(layer, SNConv)
    layer.weight_u = 0.5 * layer.weight_u  # vectors that have been averaged are shorter than one
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    assert largest(layer) > 1.9
    settle(network)
    assert largest(layer) < 1.15  # three iterations towards 1; random kernels have no single direction
    assert all(torch.equal(p, before[name]) for name, p in network.named_parameters())


def largest(layer: SNConv) -> float:
    return torch.linalg.matrix_norm(layer.weight().detach().flatten(1), 2).item()


def plane(array: np.ndarray) -> Tensor:
    scaled = array.astype(np.float32) / np.float32(255) if array.dtype == np.uint8 else array
    return torch.from_numpy(scaled)[None, None]


@pytest.mark.parametrize("case", ["a", "b", "c"])
def test_merging_equals_the_released_code(case: str) -> None:
    os8, os4, os1 = (plane(OPS[f"refine_{case}_{head}"]) for head in ("os8", "os4", "os1"))
    wide = unknown(os8, 15)
    np.testing.assert_array_equal(wide[0, 0], OPS[f"refine_{case}_weight_os4"] > 0)
    narrow = unknown(torch.where(wide, os4, os8), 7)
    np.testing.assert_array_equal(narrow[0, 0], OPS[f"refine_{case}_weight_os1"] > 0)
    expected = plane(OPS[f"refine_{case}_alpha_u8" if case == "c" else f"refine_{case}_alpha"])
    np.testing.assert_allclose(merge(os8, os4, os1), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("side_px", [1, 2, 7, 8, 15, 29])
@pytest.mark.parametrize("hw", [(64, 64), (96, 160), (700, 900)])
def test_the_unknown_region_equals_a_dilation_on_the_square(hw: tuple[int, int], side_px: int) -> None:
    made = np.random.default_rng(side_px)
    alpha = np.where(made.random(hw) < 20 / (hw[0] * hw[1]), 0.5, made.integers(0, 2, hw)).astype(np.float32)
    rows, columns = (np.arange(640) * side // 640 for side in hw)
    square = alpha[np.ix_(rows, columns)] == 0.5
    grown = np.zeros_like(square)
    for y, x in np.argwhere(square):
        for r in rectangles(side_px):  # the element is moved over the marks: mirrored
            grown[max(0, y - r.down) : y + r.up + 1, max(0, x - r.right) : x + r.left + 1] = True
    back = (np.arange(side) * 640 // side for side in hw)
    np.testing.assert_array_equal(unknown(torch.from_numpy(alpha)[None, None], side_px)[0, 0], grown[np.ix_(*back)])


def test_alpha_is_merged_as_in_the_runtime() -> None:
    network = lite()
    with torch.no_grad():
        outputs = network(*random_inputs(1, (64, 96)))
    heads = [outputs[head].numpy()[0, 0] for head in ("alpha_os8", "alpha_os4", "alpha_os1")]
    np.testing.assert_allclose(outputs["alpha"][0, 0], prepare_matteformer.merge(*heads), rtol=0, atol=1e-6)


def lite(**options: object) -> MatteFormer:
    torch.manual_seed(0)
    network = build("matteformer", lite=True, **options)
    assert isinstance(network, MatteFormer)
    return network.eval()


def random_inputs(batch: int, hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
    made = torch.Generator().manual_seed(1)
    classes = torch.randint(3, (batch, hw[0] // 8, hw[1] // 8), generator=made)
    trimap = torch.nn.functional.one_hot(classes, 3).permute(0, 3, 1, 2).float()
    image = torch.randn(batch, 3, *hw, generator=made)
    return image, trimap.repeat_interleave(8, 2).repeat_interleave(8, 3)


def test_contract_forward_and_backward() -> None:
    network = lite().train()
    outputs = network(*random_inputs(2, (32, 64)))
    heads = ("alpha", "alpha_os1", "alpha_os4", "alpha_os8")
    assert {name: tuple(x.shape) for name, x in outputs.items()} == dict.fromkeys(heads, (2, 1, 32, 64))
    assert all(x.min() >= 0 and x.max() <= 1 for x in outputs.values())
    torch.stack([x.square().mean() for x in outputs.values()]).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())


def test_lite_fits_its_budget() -> None:
    network = lite()
    assert sum(p.numel() for p in network.parameters()) <= 4_000_000
    floats = [x for x in network.state_dict().values() if x.is_floating_point()]
    assert sum(x.numel() * (2 if x.ndim > 1 else 4) for x in floats) <= 7.5e6  # and the graph within 8 MB


def test_a_picture_does_not_see_its_batch() -> None:
    network, (image, trimap) = lite().double(), random_inputs(2, (64, 32))
    with torch.no_grad():
        together = network(image.double(), trimap.double())["alpha_os1"][1:]
        alone = network(image[1:].double(), trimap[1:].double())["alpha_os1"]
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-9)


def test_priors_and_memory_can_be_switched_off() -> None:
    given = random_inputs(1, (64, 64))
    state = lite().state_dict()
    seen = []
    for options in ({}, {"memory": False}, {"priors": False}):
        network = lite(**options)
        network.load_state_dict(state)  # weights fit all three
        with torch.no_grad():
            seen.append(network(*given)["alpha_os8"])
    assert all((one - two).abs().max() > 1e-6 for one, two in pairwise(seen))
    switched = lite()
    switched.priors = False
    with torch.no_grad():
        assert torch.equal(switched(*given)["alpha_os8"], seen[2])


def test_a_far_region_is_seen_through_the_prior_tokens_alone() -> None:
    """Of stage 0 at 128 px: no window of the first corner reaches the last one."""
    network, (image, trimap) = lite(), random_inputs(1, (128, 128))
    other = image.clone()
    other[..., 96:, 96:] = 0.0
    areas = trimap[:, (1, 0, 2), ::4, ::4]

    def corner(given: Tensor, areas: Tensor | None) -> Tensor:
        x = network.encoder.patch_embed(torch.cat((given, trimap), 1))
        with torch.no_grad():
            y: Tensor = network.encoder.layers[0](x, areas, True, False)[0]
        return y[:, :7, :7]

    assert (corner(image, areas) - corner(other, areas)).abs().max() > 1e-5
    assert torch.equal(corner(image, None), corner(other, None))


def test_attention_to_the_prior_tokens_can_be_shown() -> None:
    network, (image, trimap) = lite(), random_inputs(2, (64, 96))
    with torch.no_grad():
        plain, shown = network(image, trimap), network(image, trimap, attention=True)
    assert torch.equal(plain["alpha"], shown["alpha"])
    maps = {name: x for name, x in shown.items() if name not in plain}
    assert {name: tuple(x.shape) for name, x in maps.items()} == {
        f"attention_os{s}": (2, 3, 64 // s, 96 // s) for s in (4, 8, 16, 32)
    }
    assert all(x.min() > 0 and x.sum(1).max() < 1 for x in maps.values())
    network.priors = False
    with torch.no_grad():
        assert network(image, trimap, attention=True).keys() == plain.keys()


def test_attention_maps_are_in_the_order_of_the_trimap() -> None:
    network, (image, trimap) = lite(), random_inputs(1, (32, 32))
    table = network.encoder.layers[0].blocks[0].attn.relative_position_bias_table
    with torch.no_grad():
        table[-1] = 30.0  # the last token of a set: foreground
        shown = network(image, trimap, attention=True)["attention_os4"]
    assert shown[:, 2].min() > 0.45 and shown[:, :2].max() < 0.2  # half of the stage's blocks see nothing else


def changed(state: dict[str, Tensor], kind: str) -> dict[str, Tensor]:
    bare = {key.removeprefix("module."): tensor for key, tensor in state.items()}
    if kind == "swin":
        return {key.removeprefix("encoder."): x for key, x in bare.items() if key.startswith("encoder.")}
    if kind == "other encoder":
        return {key: x for key, x in bare.items() if key.startswith("decoder.")} | {"encoder.conv1.weight": x_of(2)}
    if kind == "index":
        key = "encoder.layers.0.blocks.0.attn.relative_position_index"
        return bare | {key: bare[key].flip(0)}
    if kind == "shape":
        return bare | {"encoder.patch_embed.proj.weight": x_of(3)}
    return {"head.weight": x_of(1)}


def x_of(size: int) -> Tensor:
    return torch.zeros(size)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("swin", "a Swin transformer without trimap and decoder"),
        ("other encoder", "an encoder without Swin with MatteFormer's decoder.*1 unknown"),
        ("index", r"1 of another shape or constant \(first: .*relative_position_index\)"),
        ("shape", r"0 tensors missing, 0 unknown, 1 of another shape or constant \(first: encoder\.patch_embed"),
        ("other", "^not a MatteFormer checkpoint: 509 tensors missing, 1 unknown.*give that file"),
    ],
)
def test_another_file_is_refused_by_name(net: MatteFormer, kind: str, words: str) -> None:
    state = net.state_dict()
    released = {official_name(key): tensor for key, tensor in state.items()} | dict(indices(net))
    with pytest.raises(WeightsError, match=words):
        from_official("matteformer", changed(released, kind))


@pytest.mark.parametrize("hw", [(48, 64), (64, 60), (0, 64)])
def test_sizes_that_are_no_multiples_are_refused(hw: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="multiples of 32"):
        lite()(torch.zeros(1, 3, *hw), torch.zeros(1, 3, *hw))


def test_a_trimap_that_is_not_one_hot_is_refused() -> None:
    with pytest.raises(InputError, match="both \\(B, 3, H, W\\)"):
        lite()(torch.zeros(1, 3, 32, 32), torch.zeros(1, 1, 32, 32))
