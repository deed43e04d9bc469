"""Words: a tiny set made here, systems whose figures can be counted by hand, and one run through commands."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattelier.data.readers.example import Example
from mattelier.evaluate import benchmark, metrics, report
from mattelier.evaluate.command import Adapter, external
from mattelier.evaluate.judge import judge
from mattelier.evaluate.referring import CELLS, NOTHING, coarse, referred, summary
from mattelier.evaluate.sets import read_set
from mattelier.evaluate.statistics import clustered
from mattelier.evaluate.system import Answer, System
from mattelier.image import Array
from mattelier.image.io import decode_mask
from mattelier.models.cards import Card

HW = (40, 60)
DISCS = {
    "one": ((16, 16, 10), (18, 46, 6)),
    "two": ((20, 12, 6), (18, 40, 11)),
    "three": ((20, 30, 8),),
}  # y, x, radius
SAID = (  # scene, subject, kind, what of it tells, text
    ("one", "0", "keyword", "name", "dog"),
    ("one", "0", "basic", "attributes", "the animal which is big"),
    ("one", "1", "keyword", "name", "cat"),
    ("one", "1", "absolute", "relation", "the animal on the right of the photo"),
    ("one", "none", "absent", "", "owl"),
    ("one", "none", "absent", "", "the blue bear"),
    ("two", "0", "relative", "relation", "the animal to the left of the dog"),
    ("two", "1", "basic", "attributes", "the animal which is brown"),
    ("two", "none", "absent", "", "whale"),
    ("three", "0", "keyword", "name", "dog"),
)


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """Three scenes of soft discs: two with two subjects, of which one time the first is larger, and one alone."""
    root = tmp_path / "spoken"
    for folder in ("images", "alpha"):
        (root / folder).mkdir(parents=True)
    y, x = np.mgrid[: HW[0], : HW[1]]
    for name, discs in DISCS.items():
        soft = [np.clip((r - np.hypot(y - cy, x - cx)) / 3 + 0.5, 0, 1) for cy, cx, r in discs]
        alphas = {str(k): np.rint(a * 255).astype(np.uint8) for k, a in enumerate(soft)} | {
            "none": np.zeros(HW, np.uint8)
        }
        for key, alpha in alphas.items():
            Image.fromarray(alpha).save(root / "alpha" / f"{name}_{key}.png")
        grey = np.rint(30 + 200 * sum(soft)).astype(np.uint8)
        Image.fromarray(np.dstack([grey] * 3)).save(root / "images" / f"{name}.png")
    keys = ("image", "alpha", "kind", "tells", "text")
    lines = [
        dict(zip(keys, (scene, f"{scene}_{k}", kind, tells, text), strict=True)) for scene, k, kind, tells, text in SAID
    ]
    (root / "expressions.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    return root


def largest(picture: Example) -> Array:
    return max(map(decode_mask, picture.subjects), key=lambda alpha: int(alpha.sum()))


SOLVERS: dict[str, Callable[[Example], Array]] = {
    "oracle": lambda picture: decode_mask(picture.alpha),
    "largest": largest,
    "empty": lambda picture: np.zeros(HW, np.uint8),
}


def measured(root: Path, name: str) -> dict[str, Any]:
    pictures = read_set(root).for_systems("prompt")
    return summary([judge(picture, Answer(SOLVERS[name](picture), None, 0.0, 0.0, None)) for picture in pictures])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # texts of several subjects: 2 keywords, 4 expressions; pairs: keywords of one, expressions of one, of two
        ("oracle", {"keyword": 1, "expression": 1, "swapped": 1, "absent": 1, "false_refusals": 0, "sad": 0}),
        # right for the dog of one, the animal which is big, the animal which is brown
        ("largest", {"keyword": 1 / 2, "expression": 2 / 4, "swapped": 0, "absent": 0, "false_refusals": 0}),
        ("empty", {"keyword": 0, "expression": 0, "swapped": 0, "absent": 1, "false_refusals": 1}),
    ],
)
def test_systems_whose_figures_are_known(spoken: Path, name: str, expected: dict[str, float]) -> None:
    found = measured(spoken, name)
    assert {key: found[key]["mean"] for key in expected} == expected
    counts = {"keyword": 2, "expression": 4, "swapped": 3, "absent": 3, "false_refusals": 7, "sad": 7}
    assert {key: found[key]["count"] for key in counts} == counts
    assert (found["keyword"]["scenes"], found["expression"]["scenes"], found["sad"]["scenes"]) == (1, 2, 3)


def test_texts_that_only_place_or_looks_tell_apart(spoken: Path) -> None:
    found = measured(spoken, "largest")
    assert found["attributes_only"]["mean"] == 1 and found["attributes_only"]["count"] == 2
    assert found["relation_only"]["mean"] == 0 and found["relation_only"]["count"] == 2


def test_hard_masks_chosen_by_the_same_words(spoken: Path) -> None:
    pictures = [picture for picture in read_set(spoken).for_systems("prompt") if picture.category != "absent"]
    alphas = [decode_mask(picture.alpha) for picture in pictures]
    hard = sum(metrics.sad((alpha > 127).astype(np.uint8) * 255, alpha) for alpha in alphas)
    halved = [
        judge(p, Answer(np.rint(a * 0.9).astype(np.uint8), None, 0, 0, None))
        for p, a in zip(pictures, alphas, strict=True)
    ]
    found = summary(halved)
    own = sum(metrics.sad(np.rint(alpha * 0.9).astype(np.uint8), alpha) for alpha in alphas)
    assert measured(spoken, "oracle")["sad_to_hard"]["mean"] == 0
    assert found["sad_to_hard"]["mean"] == pytest.approx(own / hard, rel=0.1)  # 0.9 a: a few pixels less above a half
    assert found["sad_to_coarse"]["mean"] < found["sad_to_hard"]["mean"]  # cells are coarser than pixels


def test_an_answer_chooses_what_it_overlaps_most(spoken: Path) -> None:
    picture = read_set(spoken).for_systems("prompt")[0]
    first, second = map(decode_mask, picture.subjects)
    target = decode_mask(picture.alpha)
    assert referred(picture, first, target) | {"sad_hard": 0, "sad_coarse": 0} == {
        "scene": "one", "tells": "name", "subjects": 2, "meant": 0, "chosen": 0, "refused": False,
        "sad_hard": 0, "sad_coarse": 0,
    }  # fmt: skip
    both = np.maximum(first, second)
    assert referred(picture, both, target)["chosen"] == 0  # the larger one is more of both
    elsewhere = np.zeros(HW, np.uint8)
    elsewhere[36:, :20] = 255
    found = referred(picture, elsewhere, target)
    assert found["chosen"] == NOTHING and not found["refused"]
    speck = np.zeros(HW, np.uint8)
    speck[16, 16] = 255
    assert referred(picture, speck, target)["refused"]  # one of 2400 is less than one in 2000
    speck[16, 17] = 255
    assert not referred(picture, speck, target)["refused"]
    assert referred(picture, speck // 3, target)["refused"]  # a third in is not in
    assert referred(Example("x", picture.image, picture.alpha), first, target) == {}


def test_coarse_is_a_grid_of_cells() -> None:
    alpha = np.zeros((2 * CELLS, 3 * CELLS), np.float32)
    alpha[:2, :3] = 0.6
    alpha[4, 6:9] = 1  # half of a cell is not more than half
    alpha[6:8, 9:12] = 0.4
    expected = np.zeros_like(alpha)
    expected[:2, :3] = 1
    np.testing.assert_array_equal(coarse(alpha), expected)
    uneven = coarse(np.ones((37, 5), np.float32))
    assert uneven.shape == (37, 5) and uneven.min() == 1


def test_intervals_are_over_scenes() -> None:
    same = [("a", 1.0, 1.0)] * 50 + [("b", 0.0, 1.0)] * 50
    assert clustered(same) == {"mean": 0.5, "low": 0.0, "high": 1.0}  # two scenes, however many texts
    apart = [(str(k), float(k % 2), 1.0) for k in range(100)]
    assert 0.39 < clustered(apart)["low"] < 0.43 and 0.57 < clustered(apart)["high"] < 0.61
    assert clustered([("a", 1.0, 4.0), ("b", 2.0, 2.0)])["mean"] == 0.5


def test_words_by_command_from_set_to_table(spoken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "open_system", lambda name: by_command(spoken, name))
    result = benchmark.run(["oracle", "empty"], spoken)
    for system in result["systems"]:
        assert not system["failed"] and system["groups"]["all"]["pictures"] == len(SAID)
    assert json.loads(report.to_json(result))["systems"][0]["referring"]["swapped"]["mean"] == 1
    table = report.word_rows(result)
    assert table[0] == ("words", "of", "oracle", "empty")
    assert table[1] == ("keyword", "2 in 1 scenes", "100.0 % [100.0, 100.0]", "0.0 % [0.0, 0.0]")
    assert [row[0] for row in table[1:]][-3:] == ["SAD", "to hard mask", "to coarse mask"]


def by_command(root: Path, name: str) -> System:
    script = root / f"{name}.py"
    script.write_text(
        "import json, sys\nfrom pathlib import Path\nfrom PIL import Image\n"
        f"root, (image, prompt, output) = Path({str(root)!r}), sys.argv[1:]\n"
        "lines = map(json.loads, (root / 'expressions.jsonl').read_text().splitlines())\n"
        "line = next(e for e in lines if e['image'] == Path(image).stem and e['text'] == prompt)\n"
        "alpha = Image.open(root / 'alpha' / (line['alpha'] + '.png'))\n"
        f"(alpha if {name!r} == 'oracle' else alpha.point(lambda value: 0)).save(output)\n"
    )
    return external(Adapter(name, (sys.executable, str(script), "{image}", "{prompt}", "{output}"), "alpha"))


def test_a_card_that_reads_from_set_to_figures(
    reading: tuple[Card, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in that keeps red or blue where it reads so: both discs are chosen right, a green one is not found."""
    monkeypatch.setattr("mattelier.models.CARDS", (reading[0],))
    monkeypatch.setenv("MATTELIER_HOME", str(reading[1].parent))
    for folder in ("images", "alpha"):
        (tmp_path / folder).mkdir()
    y, x = np.mgrid[:128, :128]
    soft = [np.clip((26 - np.hypot(y - 64, x - at)) / 6 + 0.5, 0, 1) for at in (32, 96)]
    rgb = np.stack((soft[0], np.zeros((128, 128)), soft[1]), -1)
    Image.fromarray(np.rint(rgb * 255).astype(np.uint8)).save(tmp_path / "images" / "s.png")
    for key, alpha in (("0", soft[0]), ("1", soft[1]), ("none", 0 * soft[0])):
        Image.fromarray(np.rint(alpha * 255).astype(np.uint8)).save(tmp_path / "alpha" / f"s_{key}.png")
    said = (
        ("0", "keyword", "red"),
        ("1", "basic", "the blue disc"),
        ("0", "basic", "the red disc"),
        ("none", "absent", "the green disc"),
    )
    lines = [json.dumps({"image": "s", "alpha": f"s_{k}", "kind": kind, "text": text}) for k, kind, text in said]
    (tmp_path / "expressions.jsonl").write_text("\n".join(lines))
    (system,) = benchmark.run([reading[0].name], tmp_path)["systems"]
    assert not system["failed"]
    found = {key: figure["mean"] for key, figure in system["referring"].items()}
    expected = {"keyword": 1, "expression": 1, "swapped": 1, "absent": 1, "false_refusals": 0}
    assert {key: found[key] for key in expected} == expected
    assert found["sad"] > 0 and found["sad_to_coarse"] < found["sad_to_hard"]
