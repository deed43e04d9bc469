"""clipmat-lite as it ships: words decide what is kept of photos that show two things, and what is not there is none.

The photos are put together from the samples of examples/, which no training saw.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from mattelier.cli import app
from mattelier.errors import NoSubject
from mattelier.runtime.pipeline import Matter

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
HEIGHT = 300


def beside(*names: str) -> np.ndarray:
    """Samples side by side, (300, W, 3)."""
    parts = []
    for name in names:
        with Image.open(EXAMPLES / name) as photo:
            size = (round(photo.width * HEIGHT / photo.height), HEIGHT)
            parts.append(np.asarray(photo.convert("RGB").resize(size, Image.Resampling.LANCZOS)))
    return np.concatenate(parts, 1)


@pytest.fixture(scope="module")
def reader() -> Matter:
    return Matter("clipmat-lite", threads=2)


def kept(alpha: np.ndarray, split: int) -> tuple[float, float]:
    """How much of the left photo, and of the right one, is kept."""
    return float((alpha[:, :split] > 0.5).mean()), float((alpha[:, split:] > 0.5).mean())


def test_the_cat_is_kept_and_not_what_stands_beside_it(reader: Matter) -> None:
    cup, woman = beside("chelsea.png", "coffee.png"), beside("astronaut.png", "chelsea.png")
    cat, coffee = kept(reader.cut(cup, prompt="the cat").alpha, 451)
    assert cat > 0.5 and coffee < 0.1
    astronaut, cat = kept(reader.cut(woman, prompt="the cat").alpha, 300)
    assert cat > 0.5 and astronaut < 0.2


def test_other_words_change_the_subject(reader: Matter) -> None:
    photo = beside("chelsea.png", "coffee.png")
    cat, cup = (reader.cut(photo, prompt=words).alpha > 0.5 for words in ("the cat", "the cup"))
    assert cup[:, 451:].mean() > 0.3 > 3 * cat[:, 451:].mean()
    assert (cat & cup).sum() / (cat | cup).sum() < 0.6


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("chelsea.png", "coffee.png"), "the bird"),
        (("astronaut.png", "chelsea.png"), "the bird"),
        (("coffee.png",), "the cat"),
        (("astronaut.png",), "the dog"),
    ],
)
def test_what_is_not_there_is_no_subject(reader: Matter, names: tuple[str, ...], words: str) -> None:
    """Words that it refuses there; how often it refuses absent words at all is measured (docs/evaluate.md)."""
    with pytest.raises(NoSubject, match=words):
        reader.cut(beside(*names), prompt=words)


@pytest.mark.parametrize("words", ["the camel", "the banana", "the elephant", "the tree", "the car", "the horse"])
def test_what_it_keeps_for_absent_words_it_calls_doubtful(reader: Matter, words: str) -> None:
    for names in (("chelsea.png", "coffee.png"), ("astronaut.png", "chelsea.png")):
        try:
            notes = " ".join(reader.cut(beside(*names), prompt=words).notes)
        except NoSubject:
            continue
        assert ("% sure" in notes or "has not learned" in notes) and words in notes


def test_the_command_line_takes_words(tmp_path: Path) -> None:
    Image.fromarray(beside("chelsea.png", "coffee.png")).save(tmp_path / "table.png")
    done = CliRunner().invoke(app, ["cut", str(tmp_path / "table.png"), "--prompt", "the cat"])
    assert done.exit_code == 0, done.stderr
    with Image.open(tmp_path / "table.cutout.png") as cut:
        cat, coffee = kept(np.asarray(cut)[..., 3] / 255, 451)
    assert cat > 0.5 and coffee < 0.1
    lacking = CliRunner().invoke(
        app, ["cut", str(tmp_path / "table.png"), "--prompt", "the bird", "-o", str(tmp_path / "x.png")]
    )
    assert lacking.exit_code == 3 and "the bird" in lacking.stderr and not (tmp_path / "x.png").exists()
