"""Every card: complete, of the file that ships, and true about its network."""

import hashlib
import re
from dataclasses import replace

import numpy as np
import pytest

from mattelier import weights
from mattelier.errors import WeightsError
from mattelier.models.cards import CARDS, Card
from mattelier.runtime.engine import open_engine

MEBIBYTE = 2**20
BUDGETS_MB = {"modnet": 10}  # DESIGN: the largest file of each lite system
every_card = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)


def test_names_are_unique_and_well_formed() -> None:
    names = [card.name for card in CARDS]
    assert names and len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_]+(-[a-z0-9_]+)*\.[a-z0-9_]+", name) for name in names)


@every_card
def test_the_shipped_file_is_the_cards(card: Card) -> None:
    data = (weights.shipped_folder() / card.weights.file).read_bytes()
    assert hashlib.sha256(data).hexdigest() == card.weights.sha256
    assert len(data) == card.weights.size_bytes <= BUDGETS_MB[card.system] * MEBIBYTE


@every_card
def test_a_changed_file_is_refused(card: Card) -> None:
    changed = replace(card.weights, sha256="0" * 64)
    with pytest.raises(WeightsError, match="0000"):
        weights.read(changed)


@every_card
def test_nothing_is_left_unsaid(card: Card) -> None:
    assert card.paper and card.link.startswith("https://") and card.training and card.limits
    assert card.weights.licence and card.code_licence and card.teacher and card.initialisation
    assert card.data and all(source.terms and source.images > 0 for source in card.data)
    assert {"IoU", "MAD"} <= {word for figure in card.metrics for word in re.findall(r"\w+", figure)}


@every_card
@pytest.mark.parametrize("hw", [(64, 64), (96, 64), (160, 224)])
def test_both_engines_keep_the_contract_and_agree(card: Card, hw: tuple[int, int]) -> None:
    data = weights.read(card.weights)
    image = np.random.default_rng(0).uniform(-1, 1, (1, 3, *hw)).astype(np.float32)
    found = {name: open_engine(card, data, name).run({"image": image}) for name in ("onnx", "torch")}  # type: ignore[arg-type]
    for outputs in found.values():
        assert set(outputs) == set(card.contract.outputs)
        alpha = outputs["alpha"]
        assert alpha.shape == (1, 1, *hw) and alpha.dtype == np.float32
        assert alpha.min() >= 0 and alpha.max() <= 1
    np.testing.assert_allclose(found["onnx"]["alpha"], found["torch"]["alpha"], rtol=0, atol=1e-3)  # DESIGN §8
