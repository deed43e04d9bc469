"""benchmarks/unseen.py: cut-outs of one split's photos and stamps, and of nothing that training sees."""

import csv
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Photos of a red square on blue: of test, of test and cut off by the border, and of train; and many stamps."""
    photos, foregrounds = tmp_path / "data" / "photos", tmp_path / "data" / "foregrounds"
    photos.mkdir(parents=True)
    foregrounds.mkdir()
    rows = ["name,subject,category,split,source,licence"]
    for name, split, top in (("cup_01", "test", 20), ("edge", "test", 0), ("dog", "train", 20)):
        alpha = np.zeros((60, 80), np.uint8)
        alpha[top : top + 30, (0 if name == "edge" else 20) : 50] = 255
        rgb = np.where(alpha[..., None] > 0, (200, 20, 20), (20, 40, 210)).astype(np.uint8)
        Image.fromarray(rgb).save(photos / f"{name}.jpg", quality=95)
        Image.fromarray(alpha).save(photos / f"{name}.png")
        rows.append(f"{name},cup,objects,{split},here,ours")
    (photos / "manifest.csv").write_text("\n".join(rows))
    rows = ["name,source,licence,description,category"]
    for name in (*(f"stamp_{k}x.png" for k in range(40)), "cut_cup.png"):
        Image.new("RGBA", (8, 8), (0, 0, 0, 255)).save(foregrounds / name)
        rows.append(f"{name},here,ours,A ball.,objects")
    (foregrounds / "manifest.csv").write_text("\n".join(rows))
    return tmp_path / "data"


def test_only_the_splits_own_whole_things_are_cut_out(
    data: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split_of = runpy.run_path(str(root / "benchmarks" / "unseen.py"))["split_of"]
    out = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", ["unseen.py", str(data), "test", str(out)])
    runpy.run_path(str(root / "benchmarks" / "unseen.py"), run_name="__main__")
    with (out / "manifest.csv").open(newline="") as text:
        rows = {row["name"]: row for row in csv.DictReader(text)}
    stamps = {f"stamp_{k}x.png" for k in range(40) if split_of(f"stamp_{k}x") == "test"}
    assert set(rows) == {"photo_cup_01.png", *stamps}
    assert {row["split"] for row in rows.values()} == {"test"}
    assert rows["photo_cup_01.png"]["object"] == "cup"
    cut = np.asarray(Image.open(out / "photo_cup_01.png"))
    assert cut.shape == (38, 38, 4)  # the square of 30 px and 4 px around it
    assert np.abs(cut[19, 19].astype(int) - (200, 20, 20, 255)).max() <= 3
