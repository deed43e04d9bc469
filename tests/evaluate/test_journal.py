"""A stopped run goes on where it was, and only where nothing has changed."""

from pathlib import Path

import pytest

from mattelier.errors import InputError
from mattelier.evaluate.journal import Journal

IDENTITY = {"set": "a", "systems": [("x", "1")]}


def test_what_was_done_is_there_again(tmp_path: Path) -> None:
    first = Journal(tmp_path / "run.part")
    first.begin(IDENTITY, resume=True)  # nothing to take up: that is no mistake
    first.add("x", {"name": "one", "sad": 0.1})
    first.add("y", {"name": "one", "sad": 0.2})
    second = Journal(tmp_path / "run.part")
    second.begin(IDENTITY, resume=True)
    assert second.done("x") == [{"name": "one", "sad": 0.1}] and second.done("z") == []
    second.forget()
    assert not (tmp_path / "run.part").exists()


def test_a_line_cut_off_by_the_stop_is_measured_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "run.part")
    journal.begin(IDENTITY, resume=False)
    journal.add("x", {"name": "one"})
    with (tmp_path / "run.part").open("a") as stream:
        stream.write('{"system": "x", "pic')
    again = Journal(tmp_path / "run.part")
    again.begin(IDENTITY, resume=True)
    assert again.done("x") == [{"name": "one"}]
    again.add("x", {"name": "two"})
    third = Journal(tmp_path / "run.part")
    third.begin(IDENTITY, resume=True)
    assert third.done("x") == [{"name": "one"}, {"name": "two"}]


def test_another_run_is_refused(tmp_path: Path) -> None:
    Journal(tmp_path / "run.part").begin(IDENTITY, resume=False)
    with pytest.raises(InputError, match="left of a run that was stopped"):
        Journal(tmp_path / "run.part").begin(IDENTITY, resume=False)
    with pytest.raises(InputError, match="another run: systems differ"):
        Journal(tmp_path / "run.part").begin(IDENTITY | {"systems": [("x", "2")]}, resume=True)
    (tmp_path / "run.part").write_text("")
    with pytest.raises(InputError, match="another run"):
        Journal(tmp_path / "run.part").begin(IDENTITY, resume=True)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        Journal(tmp_path / "absent" / "run.part").begin(IDENTITY, resume=False)


def test_without_a_file_it_lasts_as_long_as_the_run() -> None:
    journal = Journal()
    journal.begin(IDENTITY, resume=False)
    journal.add("x", {"name": "one"})
    assert journal.done("x") == [{"name": "one"}]
    journal.forget()
