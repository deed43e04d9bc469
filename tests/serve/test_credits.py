"""Quotas: counted, refused, given back, remembered."""

import json
from pathlib import Path
from typing import Any

import pytest

from mattelier.errors import InputError
from mattelier.serve import keys
from mattelier.serve.credits import Ledger
from mattelier.serve.problems import Problem
from mattelier.serve.settings import Settings

KEY, HASH = keys.new_key()


def settings(credits: float | None = 2, ledger: Path | None = None) -> Settings:
    return Settings(keys=(("anna", HASH),), credits=credits, ledger=str(ledger) if ledger else None)


def test_credits_run_out_and_a_refusal_costs_nothing() -> None:
    ledger = Ledger(settings(1.5))
    ledger.charge("anna", 1)
    with pytest.raises(Problem, match=r"0\.5 credits left; this picture costs 1") as refused:
        ledger.charge("anna", 1)
    assert (refused.value.status, refused.value.code) == (402, "insufficient_credits")
    ledger.charge("anna", 0.5)
    assert ledger.balance("anna") == 0


def test_without_a_quota_nothing_is_counted() -> None:
    ledger = Ledger(settings(None))
    ledger.charge("anna", 1000)
    assert ledger.balance("anna") is None and Ledger(settings()).balance(None) is None


def test_what_failed_is_given_back() -> None:
    ledger = Ledger(settings(1))
    with pytest.raises(InputError), ledger.charged("anna", 1):
        raise InputError("broken")
    assert ledger.balance("anna") == 1
    with ledger.charged("anna", 1):
        assert ledger.balance("anna") == 0


def test_a_ledger_outlives_the_server(tmp_path: Path) -> None:
    file = tmp_path / "ledger.json"
    Ledger(settings(2, file)).charge("anna", 1.5)
    assert json.loads(file.read_text()) == {"anna": 1.5}
    assert Ledger(settings(2, file)).balance("anna") == 0.5


@pytest.mark.parametrize("content", ["", "[]", '{"anna": "much"}', '{"anna": null}'])
def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ledger.json"
    file.write_text(content)
    with pytest.raises(InputError, match="holds no ledger"):
        Ledger(settings(2, file))


def test_a_picture_costs_one_and_a_broken_one_nothing(serving: Any, photo: bytes) -> None:
    client = serving(keys=(("anna", HASH),), credits=1)
    ask = {"X-Api-Key": KEY}
    assert client.post("/api/cut", content=b"broken", headers=ask).status_code == 400
    assert client.post("/api/cut", content=photo, headers=ask).status_code == 200
    spent = client.post("/api/cut", content=photo, headers=ask)
    assert (spent.status_code, spent.json()["error"]["code"]) == (402, "insufficient_credits")
