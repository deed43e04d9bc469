"""benchmarks/RESULTS.md holds what the measured files say, and nothing else."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from mattelier.evaluate import benchmark
from mattelier.evaluate.system import System


@pytest.fixture
def script(root: Path) -> dict[str, Any]:
    return runpy.run_path(str(root / "benchmarks" / "matting.py"))


def test_the_page_is_written_from_the_files(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(root / "benchmarks")
    written = (root / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    assert written == runpy.run_path(str(root / "benchmarks" / "page.py"))["page"](), "run python benchmarks/page.py"


def test_without_a_result_there_is_no_section(script: dict[str, Any]) -> None:
    assert script["described"]([]) == ""


def test_all_sets_stand_in_one_table(bench: Path, copying, script: dict[str, Any], monkeypatch) -> None:
    monkeypatch.setattr(benchmark, "open_system", lambda name: copying(name, "{trimap}"))
    found = benchmark.run(["half", "exact"], bench, baseline="exact") | {"missing": ["rembg:u2net"]}
    other = json.loads(json.dumps(found))
    other["set"]["name"] = "other"
    head, *rows = script["table"]([found, other])
    assert head[:3] == ("set", "system", "group")
    assert [row[:3] for row in rows if row[2] == "all"] == [
        ("bench", "half", "all"),
        ("bench", "exact", "all"),
        ("other", "half", "all"),
        ("other", "exact", "all"),
    ]
    page = script["described"]([found, other])
    assert "## bench\n" in page and "## other\n" in page and "rembg:u2net." in page
    sad = found["systems"][0]["groups"]["all"]["sad"]["mean"]
    assert f"| bench | half | all | 3 | 0 | {sad:.2f} [" in page


def test_what_cannot_be_measured_is_left_out_with_its_reason(
    bench: Path, copying, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mattelier.errors import WeightsError

    def find(name: str) -> System:
        if name.startswith("rembg"):
            raise WeightsError("its file is not here; put it there")
        return copying("exact")

    monkeypatch.setitem(script["available"].__globals__, "open_system", find)
    monkeypatch.setitem(script["available"].__globals__, "list_models", lambda: ())
    names, missing = script["available"](bench)
    assert names == ["pymatting:cf", "pymatting:knn"]
    assert missing == {"rembg:u2netp": "its file is not here", "rembg:u2net": "its file is not here"}
