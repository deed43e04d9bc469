"""Export: one file, half the size, the same answers at sizes that were not traced."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor, nn

from mattelier.errors import InputError, UnknownModel, WeightsError
from mattelier.models import build
from mattelier.models.cards import Card, Contract, Weights
from mattelier.runtime import export as module
from mattelier.runtime.engine import open_engine
from mattelier.runtime.export import FLIPPED, TOLERANCE, Difference, compare, data_file, export, rounding
from mattelier.runtime.interfaces import INTERFACES, Interface, planes, scene

Exported = tuple[nn.Module, Path, Difference]
MODNET = INTERFACES["modnet"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    torch.manual_seed(3)
    net = build("modnet", lite=True)
    file = tmp_path_factory.mktemp("export") / "net.onnx"
    return net, file, export(net, file, {"step": "7"})


def test_onnx_equals_torch_at_sizes_that_were_not_traced(exported: Exported) -> None:
    assert MODNET.traced_hw not in MODNET.compared_hw and len(MODNET.compared_hw) == 3
    assert exported[2].worst <= 1e-4  # DESIGN allows 1e-3


def test_kernels_are_stored_in_half_and_under_the_modules_names(exported: Exported) -> None:
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


def test_both_engines_open_the_file_and_agree(exported: Exported) -> None:
    data = exported[1].read_bytes()
    card = Card("modnet-lite.test", "modnet", {"lite": True}, "", "", Weights("", "", 0, ""), Contract(longest_px=64))
    inputs = MODNET.specimen((96, 160), np.random.default_rng(1))
    onnx_alpha, torch_alpha = (open_engine(card, data, name).run(inputs)["alpha"] for name in ("onnx", "torch"))
    assert onnx_alpha.shape == (1, 1, 96, 160)
    np.testing.assert_allclose(onnx_alpha, torch_alpha, rtol=0, atol=1e-4)


def test_heads_are_outputs_that_a_cut_does_not_pay_for(exported: Exported) -> None:
    """MODNet's two other heads: shown by a look in both engines, not among the nodes that a cut runs."""
    _, file, difference = exported
    data = file.read_bytes()
    assert difference.largest.keys() == {"alpha", "semantic", "detail"}
    card = Card("modnet-lite.test", "modnet", {"lite": True}, "", "", Weights("", "", 0, ""), Contract(longest_px=64))
    inputs = MODNET.specimen((64, 96), np.random.default_rng(1))
    slim = open_engine(card, data)
    assert not slim.is_whole and slim.heads(inputs).keys() == {"alpha"}
    of_onnx, of_torch = (open_engine(card, data, name, whole=True).heads(inputs) for name in ("onnx", "torch"))
    assert of_onnx.keys() == of_torch.keys() == difference.largest.keys()
    for name, plane in of_onnx.items():
        np.testing.assert_allclose(plane, of_torch[name], rtol=0, atol=1e-4, err_msg=name)
    np.testing.assert_allclose(slim.run(inputs)["alpha"], of_onnx["alpha"], rtol=0, atol=1e-6)


def test_a_file_that_computes_something_else_is_noticed(exported: Exported) -> None:
    torch.manual_seed(4)
    difference = compare(build("modnet", lite=True).eval(), exported[1], MODNET)
    assert difference.worst > TOLERANCE and not difference.is_tolerable()


class FrozenPooling(nn.Module):
    """What tracing does to a size: right at the traced size, wrong elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 1)

    def forward(self, x: Tensor, heads: bool = False) -> dict[str, Tensor]:
        share = 1.0 if torch.compiler.is_compiling() else float(x.shape[-1]) / MODNET.traced_hw[1]
        return {"alpha": torch.sigmoid(share * self.conv(x))}


def test_a_network_that_exports_wrongly_is_refused_and_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"differ on the exported network \(alpha 0\.\d+\)"):
        export(FrozenPooling(), tmp_path / "wrong.onnx", {})
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_stays(exported: Exported) -> None:
    net, file, _ = exported
    before = file.read_bytes()
    with pytest.raises(InputError, match="exists already"):
        export(net, file, {})
    assert file.read_bytes() == before


def test_places_and_systems_that_are_not_there_are_named(exported: Exported, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the folder .*nowhere does not exist"):
        export(exported[0], tmp_path / "nowhere" / "net.onnx", {})
    with pytest.raises(UnknownModel, match=r"u2net cannot be exported in this version; expected one of .*modnet, gfm"):
        export(exported[0], tmp_path / "net.onnx", {}, system="u2net")


class Standing(nn.Module):
    """Two pictures and words in, two outputs out; one is behind a threshold, and a table of numbers is read."""

    def __init__(self, shift: float = 0.0) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.linspace(-1, 1, 27).reshape(1, 3, 3, 3))
        self.words = nn.Embedding(700, 1)
        self.register_buffer("order", torch.tensor([2, 0, 1]))
        self.shift = shift

    def forward(self, image: Tensor, trimap: Tensor, tokens: Tensor) -> dict[str, Tensor]:
        kernel = self.kernel - self.kernel.mean((1, 2, 3), keepdim=True)  # weight standardisation, in small
        colour = nn.functional.conv2d(image[:, self.order], kernel, padding=1) + self.words(tokens).mean()
        shift = 0.0 if torch.compiler.is_compiling() else self.shift
        return {"alpha": ((colour + shift) > 0).float() * trimap, "colour": torch.tanh(colour)}


def standing(hw: tuple[int, int], generator: np.random.Generator) -> dict[str, np.ndarray]:
    rgb, _alpha = scene(hw, generator)
    tokens = generator.integers(0, 700, (1, 5))
    return {"image": planes(rgb, -1, 1), "trimap": np.ones((1, 1, *hw), np.float32), "tokens": tokens}


SMALL = Interface(standing, multiple_of=8, chosen=("alpha",), traced_hw=(16, 24), compared_hw=((8, 40), (72, 24)))


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed = replace(SMALL, multiple_of=None, compared_hw=((16, 24),) * 3)
    monkeypatch.setattr(module, "INTERFACES", {"small": SMALL, "fixed": fixed})


@pytest.mark.parametrize("system", ["small", "fixed"])
def test_inputs_and_outputs_keep_their_names_and_types(system: str, known: None, tmp_path: Path) -> None:
    torch.manual_seed(1)
    difference = export(Standing(), tmp_path / "net.onnx", {}, system=system)
    assert set(difference.largest) == {"colour"} and difference.flipped == {"alpha": 0.0}
    session = ort.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    assert [(x.name, x.type) for x in session.get_inputs()] == [
        ("image", "tensor(float)"),
        ("trimap", "tensor(float)"),
        ("tokens", "tensor(int64)"),
    ]
    assert [x.name for x in session.get_outputs()] == ["alpha", "colour"]
    assert isinstance(session.get_inputs()[0].shape[2], int) is (system == "fixed")


def test_a_derived_kernel_does_not_stand_beside_the_stored_one(known: None, tmp_path: Path) -> None:
    """Neither the cast nor the standardisation is folded; the table of whole numbers is kept as it is."""
    export(Standing(), tmp_path / "net.onnx", {}, system="small")
    stored = {tensor.name: tensor for tensor in onnx.load(tmp_path / "net.onnx").graph.initializer}
    assert stored["kernel"].data_type == TensorProto.FLOAT16 and stored["order"].data_type == TensorProto.INT64
    assert not [name for name, tensor in stored.items() if list(tensor.dims) == [1, 3, 3, 3] and name != "kernel"]


def test_too_many_pixels_on_the_other_side_of_a_choice_are_refused(known: None, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"colour .*, alpha in \d.* % of its pixels"):
        export(Standing(shift=0.3), tmp_path / "net.onnx", {}, system="small")


def test_a_choice_may_fall_to_either_side_in_few_pixels() -> None:
    assert Difference({"glance": 9e-4}, {"alpha": 0.9 * FLIPPED}).is_tolerable()
    assert not Difference({"glance": 9e-4}, {"alpha": 1.1 * FLIPPED}).is_tolerable()
    assert not Difference({"glance": 1.1e-3}, {"alpha": 0.0}).is_tolerable()
    assert Difference({}, {}).is_tolerable()


def test_what_protobuf_cannot_hold_lies_beside(known: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ONE_FILE_BYTES", 50)
    file = tmp_path / "net.onnx"
    net = Standing()
    export(net, file, {}, system="small")
    assert {path.name for path in tmp_path.iterdir()} == {"net.onnx", "net.onnx.data"}
    assert compare(net, file, SMALL).is_tolerable()  # ONNX Runtime finds both
    before = data_file(file).read_bytes()
    file.unlink()
    with pytest.raises(InputError, match=r"net\.onnx\.data exists already"):
        export(net, file, {}, system="small")
    assert data_file(file).read_bytes() == before and not file.exists()


def test_rounding_says_what_float16_changes(known: None) -> None:
    net = Standing()
    assert 0 < rounding(net, "small") < 1e-2
    assert rounding(net, "small") == 0  # rounded already


def test_rounding_counts_choices_where_there_is_nothing_else(known: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.INTERFACES, "small", replace(SMALL, chosen=("alpha", "colour")))  # type: ignore[misc]
    assert 0 < rounding(Standing(), "small") <= 1


@pytest.mark.parametrize("system", INTERFACES)
def test_specimens_are_pictures_of_the_systems_range(system: str) -> None:
    interface = INTERFACES[system]
    inputs = interface.specimen(interface.compared_hw[0], np.random.default_rng(0))
    ranges = {
        "modnet": (-1, 1),
        "gfm": (0, 255),
        "fba": (0, 1),
        "dim": (-2.2, 2.7),
        "matteformer": (-2.2, 2.7),
        "clipmat": (0, 1),
    }
    low, high = ranges[system]
    image = next(iter(inputs.values()))[:, :3]
    assert image.shape == (1, 3, *interface.compared_hw[0]) and image.dtype == np.float32
    assert low <= image.min() < low + 0.2 * (high - low) and high - 0.2 * (high - low) < image.max() <= high


def test_trimaps_of_specimens_have_all_three_regions() -> None:
    x = INTERFACES["dim"].specimen((64, 96), np.random.default_rng(0))["x"]
    assert x.shape == (1, 4, 64, 96) and x.dtype == np.float32
    np.testing.assert_allclose(np.unique(x[:, 3]), [0, 128 / 255, 1])
    one_hot = INTERFACES["matteformer"].specimen((64, 96), np.random.default_rng(0))["trimap"]
    assert one_hot.shape == (1, 3, 64, 96) and (one_hot.sum(1) == 1).all() and one_hot.any((0, 2, 3)).all()
    inputs = INTERFACES["fba"].specimen((40, 56), np.random.default_rng(0))
    assert [array.shape[1] for array in inputs.values()] == [3, 2, 3, 6]
    background, foreground = inputs["two_chan_trimap"][0]
    assert background.any() and foreground.any() and (background + foreground == 0).any()
