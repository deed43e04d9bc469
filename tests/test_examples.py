"""The examples run as a reader would run them, and the samples are the ones whose licences are written down."""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

import mattelier

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def run(script: str, folder: Path, environment: dict[str, str], *words: str) -> str:
    """What an example prints when it is run in a folder without a network."""
    command = [sys.executable, str(EXAMPLES / script), *words]
    child = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert child.returncode == 0, child.stderr
    assert child.stderr == ""
    return child.stdout


def alpha_of(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.mode == "RGBA"
        return np.asarray(picture)[..., 3]


def test_one_call(tmp_path: Path, offline: dict[str, str]) -> None:
    said = run("one_call.py", tmp_path, offline)
    assert said.split() == ["astronaut.cutout.png", "astronaut.green.png"]
    alpha = alpha_of(tmp_path / "astronaut.cutout.png")
    assert alpha.shape == (512, 512)
    assert alpha[110, 225] > 250  # the face stays
    assert alpha[60, 350] < 5  # the wall behind goes
    with Image.open(tmp_path / "astronaut.green.png") as green:
        assert green.mode == "RGB"


def test_by_hand_makes_what_a_cut_with_that_network_makes(tmp_path: Path, offline: dict[str, str]) -> None:
    run("by_hand.py", tmp_path, offline, str(EXAMPLES / "astronaut.png"))
    cut = mattelier.cut(EXAMPLES / "astronaut.png", model="modnet-lite").save(tmp_path / "cut.png")
    with Image.open(tmp_path / "astronaut.by-hand.png") as by_hand, Image.open(cut) as called:
        assert np.array_equal(np.asarray(by_hand), np.asarray(called))


def test_own_engine(tmp_path: Path, offline: dict[str, str]) -> None:
    run("own_engine.py", tmp_path, offline)
    assert alpha_of(tmp_path / "coffee.mirrored.png").shape == (400, 600)


@pytest.fixture
def make_large() -> ModuleType:
    found = importlib.util.spec_from_file_location("make_large", EXAMPLES / "make_large.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_make_large_draws_the_same_picture_every_time(make_large: ModuleType) -> None:
    (photo, alpha), (again, _) = make_large.picture(300, 400), make_large.picture(300, 400)
    assert photo.size == alpha.size == (400, 300)
    assert photo.tobytes() == again.tobytes()
    inside = np.asarray(alpha, np.float32) / 255
    assert 0.4 < inside.mean() < 0.7
    assert ((inside > 0) & (inside < 1)).mean() > 0.005  # an edge of hairs, not a line


def test_make_large_is_twelve_megapixels(make_large: ModuleType) -> None:
    assert make_large.WIDTH * make_large.HEIGHT == 12_000_000


def test_every_sample_is_listed_with_its_digest() -> None:
    rows = [line.split("|") for line in (EXAMPLES / "LICENCES.md").read_text(encoding="utf-8").splitlines()]
    listed = {row[1].strip(" `"): row[5].strip(" `") for row in rows if len(row) > 5 and ".png" in row[1]}
    pictures = [path for path in EXAMPLES.iterdir() if path.suffix in {".png", ".jpg", ".webp"}]
    assert listed == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in pictures}
