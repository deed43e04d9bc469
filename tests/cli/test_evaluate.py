"""matte evaluate, driven as a person would: tables, files, comparisons, stops and failures."""

import hashlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from mattelier.cli import app
from mattelier.models.cards import Card

runner = CliRunner()
PERFECT = (
    "import sys; from pathlib import Path; from PIL import Image; image = Path(sys.argv[1]); "
    "Image.open(image.parents[1] / 'alpha' / image.name).save(sys.argv[2])"
)


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """Two pictures with a bright square, alpha and trimap."""
    root = tmp_path / "bench"
    for index, name in enumerate(("one", "two")):
        alpha = np.zeros((40, 48), np.uint8)
        alpha[10:30, 12 + index : 36] = 255
        image = np.where(alpha[..., None] > 0, (240, 230, 220), (20, 25, 30)).astype(np.uint8)
        trimap = alpha.copy()
        trimap[8:12, 8:40] = 128
        for folder, pixels in (("images", image), ("alpha", alpha), ("trimap", trimap)):
            (root / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(root / folder / f"{name}.png")
    return root


@pytest.fixture
def perfect(tmp_path: Path) -> Path:
    """An adapter of a command that gives the true alpha."""
    file = tmp_path / "perfect.json"
    command = [sys.executable, "-c", PERFECT, "{image}", "{output}"]
    file.write_text(json.dumps({"name": "perfect", "command": command, "output": "alpha"}))
    return file


def test_tables_files_and_a_baseline(bench: Path, perfect: Path, installed: Card, tmp_path: Path) -> None:
    figures, sheet = tmp_path / "figures.json", tmp_path / "sheet.png"
    command = ["evaluate", installed.name, "--data", str(bench), "--baseline", str(perfect)]
    done = runner.invoke(app, [*command, "--json", str(figures), "--sheet", str(sheet)])
    assert done.exit_code == 0, done.stderr
    whole, regions, paired = (part.splitlines() for part in done.stdout.split("\n\n"))
    assert [line.split()[0] for line in whole] == ["system", installed.name, "perfect"]
    assert "SAD foreground" in regions[0] and len(regions) == 3
    assert paired[1].split()[:3] == [installed.name, "perfect", "2"]
    assert f"{installed.name}: 2 pictures" in done.stderr
    result = json.loads(figures.read_text())
    assert result["baseline"] == "perfect" and result["set"]["pictures"] == 2 and len(result["set"]["sha256"]) == 64
    assert result["systems"][0]["sha256"] == installed.weights.sha256
    with Image.open(io.BytesIO(sheet.read_bytes())) as picture:
        assert picture.format == "PNG" and picture.width == 3 * 260  # photo, truth, the one system named
    assert not figures.with_name("figures.json.part").exists()


def test_a_failure_is_named_and_ends_with_one(bench: Path, perfect: Path) -> None:
    (bench / "images" / "two.png").write_bytes(b"broken")
    done = runner.invoke(app, ["evaluate", str(perfect), "--data", str(bench)])
    assert done.exit_code == 1 and "perfect: two: " in done.stderr and done.stdout.splitlines()[1].split()[2] == "1"


def test_nothing_is_measured_where_nothing_can_be_written(bench: Path, perfect: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken.png"
    taken.write_bytes(b"mine")
    done = runner.invoke(app, ["evaluate", str(perfect), "--data", str(bench), "--sheet", str(taken)])
    assert done.exit_code == 1 and "is there already" in done.stderr and taken.read_bytes() == b"mine"
    assert "pictures" not in done.stderr.replace("picture was", "")
    done = runner.invoke(app, ["evaluate", str(perfect), "--data", str(bench), "--resume"])
    assert done.exit_code == 1 and "--resume was given without --json" in done.stderr


def test_a_stopped_run_is_resumed_or_started_again(bench: Path, perfect: Path, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = ["evaluate", str(perfect), "--data", str(bench), "--json", str(file)]
    assert runner.invoke(app, command).exit_code == 0
    first = json.loads(file.read_text())
    # a journal as a stop leaves it: the first picture done, with a figure that measuring again would not give
    identity = {"set": first["set"], "environment": first["environment"], "systems": [["perfect", "", ""]]}
    marked = first["systems"][0]["pictures"][0] | {"sad": 123.0}
    lines = [json.dumps(identity), json.dumps({"system": "perfect", "picture": marked})]
    part = file.with_name("figures.json.part")
    part.write_text("\n".join(lines) + "\n")
    file.unlink()
    refused = runner.invoke(app, command)
    assert refused.exit_code == 1 and "pass --resume" in refused.stderr and not file.exists()
    assert runner.invoke(app, [*command, "--resume"]).exit_code == 0
    resumed = json.loads(file.read_text())["systems"][0]["pictures"]
    assert [picture["sad"] for picture in resumed] == [123.0, 0.0] and not part.exists()
    part.write_text("\n".join(lines) + "\n")
    assert runner.invoke(app, [*command, "--overwrite"]).exit_code == 0
    assert json.loads(file.read_text())["systems"][0]["pictures"][0]["sad"] == 0.0


def test_the_first_pictures_and_categories(bench: Path, perfect: Path) -> None:
    (bench / "manifest.csv").write_text("name,category\ntwo,square\none,square\n")
    done = runner.invoke(app, ["evaluate", str(perfect), "--data", str(bench), "--limit", "1", "--categories"])
    assert done.exit_code == 0 and [line.split()[1:3] for line in done.stdout.split("\n\n")[0].splitlines()[1:]] == [
        ["all", "1"],
        ["square", "1"],
    ]


def test_weights_of_a_command_are_in_the_json(bench: Path, perfect: Path, tmp_path: Path) -> None:
    (tmp_path / "net.bin").write_bytes(b"weights")
    perfect.write_text(json.dumps(json.loads(perfect.read_text()) | {"weights": str(tmp_path / "net.bin")}))
    file = tmp_path / "figures.json"
    assert runner.invoke(app, ["evaluate", str(perfect), "--data", str(bench), "--json", str(file)]).exit_code == 0
    assert json.loads(file.read_text())["systems"][0]["sha256"] == hashlib.sha256(b"weights").hexdigest()


def test_a_quality_counts_for_models_and_not_for_tools(bench: Path, perfect: Path, installed: Card) -> None:
    command = ["evaluate", installed.name, str(perfect), "--data", str(bench), "--quality", "draft"]
    done = runner.invoke(app, command)
    assert done.exit_code == 0, done.stderr
    names = [line.split()[0] for line in done.stdout.split("\n\n")[0].splitlines()[1:]]
    assert names == [f"{installed.name}:draft", "perfect"]
