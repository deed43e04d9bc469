"""GFM against the fixtures of the released networks, and the lite form against its own promises."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from mattelier.errors import InputError, WeightsError
from mattelier.models import build, from_official
from mattelier.models.gfm import collaborate, official_names, pool
from parity import deterministic

PARITY = Path(__file__).parent.parent / "parity"
OPS = np.load(PARITY / "gfm-ops.npz")
TOLERANCE = 1e-5  # parity/README: float32 against float64 differ by 6e-6
PARAMETERS = {
    "r34-tt": 55_286_316,
    "r34-ft": 55_285_739,
    "r34-bt": 55_285_739,
    "r34-rim": 55_733_891,
    "r34_2b-tt": 125_878_956,
    "r34_2b-ft": 125_878_379,
    "d121-tt": 46_961_772,
    "d121-bt": 46_961_195,
    "d121-rim": 47_409_347,
    "r101-tt": 497_256_556,
}
LITE_BYTES = 14_000_000
slow = {"r101-tt": [pytest.mark.slow]}


def official(name: str) -> dict[str, Tensor]:
    """A state dict as released, its numbers made from the names; of a tensor's two names the last decides."""
    fixture = np.load(PARITY / f"gfm-{name}.npz")
    seed, gain = int(fixture["seed"]), float(fixture["gain"])
    keys: dict[str, Any] = json.loads((PARITY / f"gfm-{name}.keys.json").read_text())
    backbone, representation = name.split("-")
    with torch.device("meta"):
        ours = build("gfm", backbone=backbone, representation=representation).state_dict()
    names, decisive = dict(official_names(ours, backbone)), {}
    for key in sorted(keys):
        decisive[names[key]] = key
    made = {own: made_tensor(key, *keys[key], seed, gain) for own, key in decisive.items()}
    return {key: made[names[key]] for key in keys}


def made_tensor(key: str, shape: list[int], dtype: str, seed: int, gain: float) -> Tensor:
    if dtype == "int64":  # the counters of batch norm
        return torch.zeros(shape, dtype=torch.int64)
    return torch.from_numpy(deterministic.values_for(key, shape, seed, gain)).float()


@pytest.mark.parametrize("name", [pytest.param(name, marks=slow.get(name, [])) for name in PARAMETERS])
def test_every_key_is_met_and_every_head_equals_the_released_network(name: str) -> None:
    backbone, representation = name.split("-")
    state, fixture = official(name), np.load(PARITY / f"gfm-{name}.npz")
    net = from_official("gfm", state, backbone=backbone, representation=representation)
    assert not net.training and sum(p.numel() for p in net.parameters()) == PARAMETERS[name]
    assert {key for key, _ in official_names(net.state_dict(), backbone)} == set(state)
    assert {own for _, own in official_names(net.state_dict(), backbone)} == set(net.state_dict())
    with torch.inference_mode():
        outputs = net(torch.from_numpy(fixture["image"]))
    heads = set(fixture.files) - {"image", "seed", "gain"}
    assert set(outputs) == {"alpha" if head == "fusion" else head for head in heads}
    for head in heads:
        ours = outputs["alpha" if head == "fusion" else head].numpy()
        np.testing.assert_allclose(ours, fixture[head], rtol=0, atol=TOLERANCE, err_msg=head)


@pytest.fixture(scope="module")
def r34_ft() -> dict[str, Tensor]:
    return official("r34-ft")


def test_of_two_names_the_last_decides(r34_ft: dict[str, Tensor]) -> None:
    other = r34_ft | {"encoder2.0.conv1.weight": torch.zeros(128, 64, 3, 3)}
    net = from_official("gfm", other, representation="ft")
    torch.testing.assert_close(
        net.state_dict()["encoder.layer2.0.conv1.weight"], r34_ft["resnet.layer2.0.conv1.weight"]
    )


def test_a_file_loads_like_its_state_dict(r34_ft: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(r34_ft, tmp_path / "gfm_r34_ft.pth")
    net = from_official("gfm", tmp_path / "gfm_r34_ft.pth", representation="ft")
    loaded = net.state_dict()
    assert all(torch.equal(loaded[own], r34_ft[key]) for key, own in official_names(loaded, "r34"))


def test_another_variant_is_named(r34_ft: dict[str, Tensor]) -> None:
    with pytest.raises(WeightsError, match="the file is gfm r34 ft or bt; asked for was d121"):
        from_official("gfm", r34_ft, backbone="d121", representation="ft")
    with pytest.raises(WeightsError, match="the file is gfm r34 ft or bt; asked for was tt"):
        from_official("gfm", r34_ft, representation="tt")
    with pytest.raises(WeightsError, match="pass representation='ft' or 'bt'"):
        from_official("gfm", r34_ft)


def test_damaged_and_foreign_files_are_named(r34_ft: dict[str, Tensor], tmp_path: Path) -> None:
    short = {key: value for key, value in r34_ft.items() if key != "encoder3.1.bn1.bias"}
    with pytest.raises(WeightsError, match=r"1 tensors missing, 0 unknown, 0 of another.*encoder3\.1\.bn1\.bias"):
        from_official("gfm", short, representation="bt")
    odd = r34_ft | {"psp3.0.bias": torch.zeros(7), "head.weight": torch.zeros(1)}
    with pytest.raises(WeightsError, match="0 tensors missing, 1 unknown, 1 of another shape"):
        from_official("gfm", odd, representation="bt")
    with pytest.raises(WeightsError, match=r"not a GFM checkpoint.*begins with lr_branch"):
        from_official("gfm", {"lr_branch.conv.weight": torch.zeros(1)})
    (tmp_path / "broken.pth").write_bytes(b"no checkpoint")
    with pytest.raises(WeightsError, match=r"broken\.pth cannot be read"):
        from_official("gfm", tmp_path / "broken.pth")
    torch.save({"epoch": 3}, tmp_path / "wrapped.pth")
    with pytest.raises(WeightsError, match="no bare state dict"):
        from_official("gfm", tmp_path / "wrapped.pth")


@pytest.mark.parametrize("backbone", ["r34", "r34_2b", "d121", "r101"])
@pytest.mark.parametrize("representation", ["tt", "ft", "bt", "rim"])
def test_every_backbone_has_every_representation(backbone: str, representation: str) -> None:
    with torch.device("meta"):  # shapes alone
        net = build("gfm", backbone=backbone, representation=representation).eval()
        outputs = net(torch.zeros(2, 3, 64, 96))
    classes = 3 if representation == "tt" else 2
    shapes = {key: tuple(value.shape) for key, value in outputs.items()}
    if representation == "rim":
        names = [f"{head}_{name}" for name in ("tt", "ft", "bt") for head in ("glance", "focus", "fusion")]
        assert set(shapes) == {"alpha", *names} and shapes["glance_tt"] == (2, 3, 64, 96)
        assert shapes["glance_bt"] == (2, 2, 64, 96)
    else:
        assert set(shapes) == {"alpha", "glance", "focus"} and shapes["glance"] == (2, classes, 64, 96)
    assert shapes["alpha"] == (2, 1, 64, 96)


@pytest.mark.parametrize("representation", ["TT", "FT", "BT"])
def test_collaborative_matting_equals_the_released_code(representation: str) -> None:
    glance, focus, fusion = (
        torch.from_numpy(OPS[f"cm_{representation}_{name}"]) for name in ("glance", "focus", "fusion")
    )
    torch.testing.assert_close(collaborate(glance, focus, representation.lower()), fusion)


def test_of_equal_scores_the_lower_class_wins() -> None:
    glance, focus = torch.full((1, 3, 1, 1), 0.5), torch.full((1, 1, 1, 1), 0.7)
    assert collaborate(glance, focus).item() == 0.0


@pytest.mark.parametrize("hw", [(2, 3), (1, 1), (5, 7), (12, 16), (25, 4)])
@pytest.mark.parametrize("cells", [1, 3, 5])
def test_pooling_by_matrices_equals_adaptive_pooling(hw: tuple[int, int], cells: int) -> None:
    x = torch.rand(2, 4, *hw, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(pool(x, cells), adaptive_avg_pool2d(x, cells))


def test_lite_contract_forward_and_backward() -> None:
    torch.manual_seed(0)
    net = build("gfm", lite=True).train()
    outputs = net(torch.rand(2, 3, 64, 96) * 255)
    shapes = {name: tuple(value.shape) for name, value in outputs.items()}
    assert shapes == {"alpha": (2, 1, 64, 96), "glance": (2, 3, 64, 96), "focus": (2, 1, 64, 96)}
    assert all(value.min() >= 0 and value.max() <= 1 for value in outputs.values())
    (outputs["glance"].mean() + outputs["focus"].mean()).backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in net.parameters())


def test_lite_fits_its_budget() -> None:
    state = build("gfm", lite=True).state_dict().values()
    assert sum(2 * value.numel() for value in state if value.is_floating_point()) <= LITE_BYTES


@pytest.mark.parametrize("hw", [(65, 64), (64, 40), (0, 64)])
def test_sizes_that_are_no_multiples_are_refused(hw: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=r"found an input of .* multiples of 32; pad or resize"):
        build("gfm", lite=True).eval()(torch.zeros(1, 3, *hw))


def test_options_that_do_not_exist_are_named() -> None:
    with pytest.raises(InputError, match="GFM has no 'r50'; expected one of r34, r34_2b, r101, d121"):
        build("gfm", backbone="r50")
    with pytest.raises(InputError, match="GFM has no 'sem'"):
        build("gfm", representation="sem")
    with pytest.raises(InputError, match="gfm-lite has one encoder"):
        build("gfm", lite=True, backbone="r34")
    with pytest.raises(TypeError):
        build("gfm", width=3)
