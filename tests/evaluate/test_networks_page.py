"""benchmarks/networks.py: what is counted, what is kept of a run before, and how it is shown. Nothing is timed here."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

ENGINE = {"seconds": 1.25, "cpu_seconds": 2.5, "resting_mib": 100.4, "peak_mib": 400.6}
HERE = {"versions": {"torch": "2"}, "machine": {"cpus": 2, "processor": "some"}}


@pytest.fixture
def script(root: Path) -> dict[str, Any]:
    return runpy.run_path(str(root / "benchmarks" / "networks.py"))


def row(name: str, **more: Any) -> dict[str, Any]:
    counted = {"network": name, "side": 1024, "runs": 5, "commit": "abc", "parameters": 2_213_895, "flops": 117.2e9}
    return counted | {"torch": ENGINE, "onnx": ENGINE} | more


def test_every_system_is_there_in_two_sizes(script: dict[str, Any]) -> None:
    from mattelier.models import SYSTEMS

    found = script["networks"]()
    for system in SYSTEMS:
        sizes = [network["options"].get("lite", False) for network in found if network["system"] == system]
        assert sizes.count(True) == 1 and sizes.count(False) >= 1, system
    assert len({network["network"] for network in found}) == len(found)


def test_a_multiply_add_is_two_flops_in_every_kind_of_convolution(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    forward = runpy.run_path(str(root / "benchmarks" / "forward.py"))

    class Four(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.full = torch.nn.Conv2d(3, 4, 3, padding=1)
            self.depthwise = torch.nn.Conv2d(4, 4, 3, padding=1, groups=4)
            self.transposed = torch.nn.ConvTranspose2d(4, 2, 2, stride=2)
            self.linear = torch.nn.Linear(2, 5)

        def forward(self, x: Any) -> Any:
            y = self.transposed(self.depthwise(self.full(x)).relu())
            return self.linear(y.mean((2, 3)))

    monkeypatch.setitem(forward["count"].__globals__, "built", lambda facts: Four())
    counted = forward["count"]({"system": "any", "side": 8})
    pixels = 8 * 8
    convolutions = 2 * pixels * (4 * 3 * 9 + 4 * 9 + 4 * 2 * 4)
    assert counted["operators"] == {"convolution": convolutions, "addmm": 2 * 2 * 5}
    assert counted["flops"] == convolutions + 20
    assert counted["parameters"] == (4 * 3 * 9 + 4) + (4 * 9 + 4) + (4 * 2 * 4 + 2) + (2 * 5 + 5)


def test_every_system_can_be_counted(root: Path, script: dict[str, Any]) -> None:
    pytest.importorskip("torch")
    count = runpy.run_path(str(root / "benchmarks" / "forward.py"))["count"]
    for network in (network for network in script["networks"]() if network["options"].get("lite")):
        counted = count(network)
        assert counted["flops"] > 1e9 and counted["parameters"] > 1e5, network["network"]


def test_a_line_says_what_ran_and_what_did_not(script: dict[str, Any]) -> None:
    head, first, second = script["table"]([row("fba-lite"), row("new", onnx={"error": "WeightsError: no"})])
    assert first == (
        *("fba-lite", "1024 x 1024", "2.21 M", "117.2"),
        *("1.25", "2.50", "401", "100", "1.25", "2.50", "401", "100", "`abc`"),
    )
    assert second[8:12] == ("failed", "-", "-", "-") and len(head) == len(first)


def test_the_section_names_failures_and_what_was_not_measured(script: dict[str, Any]) -> None:
    text = script["described"]({"environment": HERE, "networks": [row("new", onnx={"error": "WeightsError: no"})]})
    assert "- new, onnx: WeightsError: no" in text and "the median of 5 passes" in text
    counted = {key: value for key, value in row("new", runs=0).items() if key not in ("torch", "onnx")}
    text = script["described"]({"environment": HERE, "networks": [counted]})
    assert "not measured yet" in text and "What did not run" not in text
    assert "| new | 1024 x 1024 | 2.21 M | 117.2 | - | - |" in text


def test_only_whole_rows_are_kept_as_they_are(script: dict[str, Any]) -> None:
    assert script["is_whole"](row("a"))
    assert not script["is_whole"](row("a", onnx={"error": "no"}))
    assert not script["is_whole"]({"network": "a", "flops": 1})


def test_rows_of_another_machine_do_not_stand_beside_these(script: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "networks.json"
    assert script["kept"](file, HERE) == []
    file.write_text(json.dumps({"environment": HERE, "networks": [row("a")]}))
    assert script["kept"](file, HERE)[0]["network"] == "a"
    with pytest.raises(SystemExit, match="other machine"):
        script["kept"](file, HERE | {"machine": {"cpus": 64, "processor": "some"}})


def test_an_unknown_network_is_named(script: dict[str, Any]) -> None:
    assert [network["network"] for network in script["chosen_of"](["modnet-lite"])] == ["modnet-lite"]
    with pytest.raises(SystemExit, match=r"no network is called modnet-light; expected some of .*modnet-lite"):
        script["chosen_of"](["modnet-light"])


def test_a_child_that_fails_leaves_its_last_line(script: dict[str, Any]) -> None:
    assert script["child"]("nothing", {}) == {"error": "KeyError: 'nothing'"}
