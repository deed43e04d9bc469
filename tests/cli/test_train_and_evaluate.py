"""matte train, matte models export and matte evaluate, driven as a person would."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mattelier.cli import app
from mattelier.models.cards import Card
from mattelier.train.checkpoint import load_checkpoint

runner = CliRunner()
EXAMPLES = Path(__file__).parents[2] / "examples"
MODNET = ["train", "modnet", "--lite", "-o", "RUN"]
SOC = [*MODNET, "--stage", "soc", "--photos", "DIR"]


def test_train_stops_after_its_minutes_and_its_run_exports(pictures: Path, tmp_path: Path) -> None:
    run, file = tmp_path / "run", tmp_path / "net.onnx"
    command = ["train", "modnet", "--lite", "--data", str(pictures), "-o", str(run), "--minutes", "0.0001"]
    done = runner.invoke(app, command)
    assert done.exit_code == 0 and done.stdout.strip() == str(run)
    again = runner.invoke(app, command)
    assert again.exit_code == 1 and "already holds a run" in again.stderr
    early = runner.invoke(app, ["models", "export", str(run), "-o", str(file)])
    assert early.exit_code == 1 and "validated at least once" in early.stderr and not file.exists()


def test_adaptation_stops_after_its_minutes_and_goes_on(tmp_path: Path) -> None:
    run, folder = tmp_path / "run", tmp_path / "photos"
    folder.mkdir()
    shutil.copy(EXAMPLES / "chelsea.png", folder)
    (folder / "broken.jpg").write_bytes(b"no picture")
    command = ["train", "modnet", "--lite", "--stage", "soc", "--photos", str(folder), "-o", str(run)]
    done = runner.invoke(app, [*command, "--minutes", "0"])
    assert done.exit_code == 0 and done.stdout.strip() == str(run), done.output
    assert "broken.jpg" in "".join(done.stderr.split()) and "step 0: contradiction" in " ".join(done.stderr.split())
    assert load_checkpoint(run)["step"] == 1  # the step at hand
    again = runner.invoke(app, [*command, "--minutes", "0", "--resume"])
    assert again.exit_code == 0 and load_checkpoint(run)["step"] == 2, again.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*MODNET, "--data", "DIR", "--stage", "later"], "no stage later; expected one of small, large"),
        ([*MODNET, "--data", "DIR", "--stage", "later"], "small, large, shops, settle, soc"),
        (["train", "gfm", "-o", "RUN", "--photos", "DIR", "--stage", "soc"], "gfm has no stage soc; expected one of"),
        ([*MODNET, "--stage", "soc"], "found no --photos; --stage soc adapts to photos without mattes; pass --photos"),
        ([*MODNET, "--stage", "soc", "--photos", "NONE"], "none is not a folder; --photos takes a folder of photos"),
        ([*MODNET, "--stage", "soc", "--photos", "DIR"], "has no photo to adapt to, found none; expected files ending"),
        ([*MODNET, "--stage", "soc", "--photos", "DIR", "--data", "DIR"], "found --data with --stage soc"),
        ([*SOC, "--resume", "--start", "modnet-lite"], "found --start with --resume"),
        (["train", "modnet", "-o", "RUN", "--stage", "soc", "--photos", "EXAMPLES"], "comes without weights here"),
        ([*MODNET, "--photos", "DIR"], "--photos and --start belong to modnet --stage soc"),
        (MODNET, "found no --data; training expects a folder of pictures with mattes; pass --data DIR"),
        (["train", "nothing", "--lite", "--data", "DIR", "-o", "RUN"], "no recipe for nothing-lite"),
        (["train", "modnet", "--lite", "--data", "DIR", "-o", "RUN"], "manifest.csv was not found"),
        (["evaluate", "nobody", "--data", "DIR"], "holds no set"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(arguments: list[str], words: str, tmp_path: Path) -> None:
    places = {"DIR": tmp_path, "RUN": tmp_path / "run", "NONE": tmp_path / "none", "EXAMPLES": EXAMPLES}
    done = runner.invoke(app, [str(places.get(a, a)) for a in arguments])
    assert done.exit_code in (1, 2) and words in " ".join(done.stderr.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


def test_evaluate_prints_a_table_and_writes_json(pictures: Path, installed: Card, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = ["evaluate", installed.name, "--data", str(pictures), "--json", str(file)]
    done = runner.invoke(app, command)
    assert done.exit_code == 0 and done.stdout.splitlines()[1].startswith(f"{installed.name}  all")
    assert json.loads(file.read_text())["systems"][0]["sha256"] == installed.weights.sha256
    assert runner.invoke(app, command).exit_code == 1  # figures are not written over unasked
    assert runner.invoke(app, [*command, "--overwrite"]).exit_code == 0
