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
from mattelier.runtime.export import FLIPPED, TOLERANCE
from mattelier.runtime.interfaces import INTERFACES

MEBIBYTE = 2**20
# DESIGN: the largest file of each lite system
BUDGETS_MB = {"gfm": 14, "modnet": 10, "fba": 10, "dim": 8, "matteformer": 8, "clipmat": 14}
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
    measured = {word for figure in card.metrics for word in re.findall(r"\w+", figure)}
    assert sum(name.startswith("seconds") for name in card.metrics) == 1
    assert measured >= ({"SAD", "MAD"} if card.contract.trimap == "required" else {"IoU", "MAD"})


def sizes_of(card: Card) -> tuple[tuple[int, int], ...]:
    interface = INTERFACES[card.system]
    return ((64, 64), (96, 64), (160, 224)) if interface.multiple_of else (interface.traced_hw,)


@pytest.mark.parametrize(
    ("card", "hw"),
    [pytest.param(card, hw, id=f"{card.name} {hw[0]}x{hw[1]}") for card in CARDS for hw in sizes_of(card)],
)
def test_both_engines_keep_the_contract_and_agree(card: Card, hw: tuple[int, int]) -> None:
    data, interface = weights.read(card.weights), INTERFACES[card.system]
    inputs = interface.specimen(hw, np.random.default_rng(0))
    found = {name: open_engine(card, data, name).run(inputs) for name in ("onnx", "torch")}  # type: ignore[arg-type]
    for outputs in found.values():
        assert set(outputs) == set(card.contract.outputs)
        alpha = outputs["alpha"]
        assert alpha.shape == (1, 1, *hw) and alpha.dtype == np.float32
        assert alpha.min() >= 0 and alpha.max() <= 1
    for name in card.contract.outputs:  # DESIGN §8
        apart = np.abs(found["onnx"][name] - found["torch"][name]) > TOLERANCE
        assert apart.mean() <= (FLIPPED if name in interface.chosen else 0), name
