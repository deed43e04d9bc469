"""Measuring: the right pictures, the right means, and a result that says where it comes from."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.errors import InputError, WeightsError
from mattelier.evaluate import benchmark
from mattelier.evaluate.sets import read_cases
from mattelier.evaluate.systems import foreign_alpha, foreign_input, open_system, read_foreign
from mattelier.models.cards import Card


@pytest.fixture
def foreign(bright: tuple[Card, Path], tmp_path: Path) -> Path:
    """A JSON card of the one-number network, as if it were somebody else's file."""
    facts = {
        "name": "foreign",
        "file": str(bright[1]),
        "sha256": hashlib.sha256(bright[1].read_bytes()).hexdigest(),
        "height": 64,
        "width": 64,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
    }
    card = tmp_path / "foreign.json"
    card.write_text(json.dumps(facts))
    return card


def test_only_the_test_split_is_measured(pictures: Path) -> None:
    kind, cases = read_cases(pictures)
    assert "test split" in kind and [case.name for case in cases] == ["disc_11", "disc_12", "disc_13"]


def test_two_systems_side_by_side(pictures: Path, installed: Card, foreign: Path) -> None:
    result = benchmark.run([installed.name, str(foreign)], pictures)
    ours, theirs = result["systems"]
    assert ours["name"] == installed.name and theirs["name"] == "foreign"
    for system in (ours, theirs):
        assert set(system["groups"]) == {"all", "even", "odd"}
        figures = system["groups"]["all"]
        assert figures["pictures"] == 3
        assert figures["iou"]["mean"] > 0.9 and figures["mad"]["mean"] < 0.05
        mean = np.mean([p["mad"] for p in system["pictures"]])
        assert figures["mad"]["mean"] == pytest.approx(mean)
        assert figures["mad"]["low"] <= figures["mad"]["mean"] <= figures["mad"]["high"]
    assert json.loads(benchmark.to_json(result)) == result
    table = benchmark.rows(result)
    assert len(table) == 1 + 2 * 3 and len({len(row) for row in table}) == 1


def test_no_subject_is_scored_as_an_empty_alpha(pictures: Path, installed: Card) -> None:
    alpha = open_system(installed.name).alpha(np.full((40, 40, 3), 10, np.uint8))
    assert alpha.shape == (40, 40) and alpha.max() == 0


def test_the_result_says_where_it_was_measured() -> None:
    environment = benchmark.environment()
    assert environment["commit"] and environment["machine"]["cpus"] >= 1
    assert {"onnxruntime", "numpy", "python"} <= set(environment["versions"])


def test_benchmarks_give_their_automatic_pictures(tmp_path: Path) -> None:
    for folder in ("images", "alpha"):
        (tmp_path / folder).mkdir()
    for name in ("toy", "glass"):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "images" / f"{name}.png")
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "alpha" / f"{name}.png")
    (tmp_path / "manifest.csv").write_text("name,category,auto\ntoy,toy,yes\nglass,glass,no\n")
    assert [case.name for case in read_cases(tmp_path)[1]] == ["toy"]


def test_a_folder_without_a_set_and_no_names_are_sentences(tmp_path: Path, pictures: Path) -> None:
    with pytest.raises(InputError, match="holds no set"):
        read_cases(tmp_path)
    with pytest.raises(InputError, match="no system was named"):
        benchmark.run([], pictures)


def test_a_foreign_file_must_be_the_one_its_card_means(foreign: Path, bright: tuple[Card, Path]) -> None:
    facts = json.loads(foreign.read_text())
    foreign.write_text(json.dumps(facts | {"sha256": "0" * 64}))
    with pytest.raises(WeightsError, match="its card says 0000"):
        open_system(str(foreign))
    foreign.write_text(json.dumps(facts | {"colour": "no such key"}))
    with pytest.raises(InputError, match="cannot be read as a card"):
        open_system(str(foreign))
    foreign.write_text(json.dumps(facts | {"file": "absent.onnx"}))
    with pytest.raises(WeightsError, match=r"absent\.onnx cannot be read"):
        open_system(str(foreign))


def test_foreign_input_and_alpha_by_hand(foreign: Path) -> None:
    facts = json.loads(foreign.read_text())
    foreign.write_text(json.dumps(facts | {"divide_by_maximum": True, "stretch": True, "height": 4, "width": 4}))
    card = read_foreign(foreign)
    rgb = np.full((4, 4, 3), 100, np.uint8)
    assert foreign_input(card, rgb).tolist() == [[[[1.0] * 4] * 4] * 3]  # 100 / 100, mean and std 0.5
    mask = np.float32([[0.2, 0.4], [0.6, 0.6]])
    np.testing.assert_allclose(foreign_alpha(card, mask, (2, 2)), [[0, 127 / 255], [1, 1]], atol=1e-6)
