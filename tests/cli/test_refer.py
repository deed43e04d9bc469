"""matte data refer, driven as a person would."""

import json
from pathlib import Path

import numpy as np
from PIL import Image
from typer.testing import CliRunner

from mattelier.cli import app

runner = CliRunner()


def test_a_set_is_made_and_its_folder_printed(tmp_path: Path) -> None:
    for folder in ("fg", "bg"):
        (tmp_path / folder).mkdir()
    y, x = np.mgrid[:40, :40]
    alpha = np.where(np.hypot(y - 20, x - 20) < 15, 255, 0).astype(np.uint8)
    for noun, rgb in {"cup": (220, 20, 20), "hat": (20, 160, 40), "car": (30, 60, 200), "key": (250, 230, 20)}.items():
        pixels = np.dstack((np.full((40, 40, 3), rgb, np.uint8), alpha))
        Image.fromarray(pixels).save(tmp_path / "fg" / f"{noun}.png")
    for k in range(12):
        Image.new("RGB", (50, 40), (k, 90, 90)).save(tmp_path / "bg" / f"{k}.png")
    command = ["data", "refer", str(tmp_path / "fg"), str(tmp_path / "bg"), "-o", str(tmp_path / "out")]
    options = ["--count", "3", "--seed", "1", "--split", "train", "--size", "64"]
    done = runner.invoke(app, [*command, *options])
    assert done.exit_code == 0 and done.stdout.strip() == str(tmp_path / "out"), done.stderr
    lines = [json.loads(line) for line in (tmp_path / "out" / "expressions.jsonl").read_text().splitlines()]
    assert f"3 pictures, {len(lines)} expressions" in done.stderr
    assert {line["image"] for line in lines} == {f"train_{k:06d}" for k in range(3)}
    again = runner.invoke(app, [*command, *options])
    assert again.exit_code == 1 and "already exists" in again.stderr
