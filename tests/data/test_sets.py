"""Sets on disk: whole, resumable, and never over what is not theirs."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.data.sets import JOURNAL, Made, write_set
from mattelier.errors import InputError


@dataclass(frozen=True)
class Flat:
    name: str
    value: int
    fails: bool = False

    @property
    def recipe(self) -> str:
        return str(self.value)

    def make(self) -> Made:
        if self.fails:
            raise InputError("no such picture")
        return Made({"images": np.full((4, 5, 3), self.value, np.uint8)}, {"kind": "flat", "value": str(self.value)})


JOBS = [Flat(f"p{i}", i) for i in range(4)]


def statuses(root: Path, jobs: list[Flat], workers: int = 1) -> list[str]:
    return [written.status for written in write_set(root, jobs, workers)]


def rows(root: Path) -> list[dict[str, str]]:
    with (root / "manifest.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_a_set_has_its_pictures_and_its_manifest(tmp_path: Path) -> None:
    assert statuses(tmp_path / "set", JOBS) == ["done"] * 4
    assert [row["name"] for row in rows(tmp_path / "set")] == ["p0", "p1", "p2", "p3"]
    assert np.asarray(Image.open(tmp_path / "set" / "images" / "p3.png")).max() == 3


def test_a_second_run_does_nothing_again(tmp_path: Path) -> None:
    statuses(tmp_path, JOBS[:2])
    assert statuses(tmp_path, JOBS) == ["skipped", "skipped", "done", "done"]


def test_an_interrupted_run_leaves_no_manifest_and_goes_on(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such picture"):
        statuses(tmp_path, [*JOBS[:2], Flat("p2", 2, fails=True), JOBS[3]])
    assert not (tmp_path / "manifest.csv").exists()
    # killed between the picture and its record: the file is there, the journal only knows that it was begun
    Image.new("RGB", (5, 4)).save(tmp_path / "images" / "p2.png")
    with (tmp_path / JOURNAL).open("a") as stream:
        stream.write('{"name": "p2", "rec')
    assert statuses(tmp_path, JOBS) == ["skipped", "skipped", "done", "done"]
    assert len(rows(tmp_path)) == 4
    assert not list(tmp_path.rglob("*.part"))


def test_a_changed_picture_is_made_again(tmp_path: Path) -> None:
    statuses(tmp_path, JOBS)
    (tmp_path / "images" / "p1.png").write_bytes(b"torn")
    assert statuses(tmp_path, JOBS) == ["skipped", "done", "skipped", "skipped"]


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    from mattelier.data.hints import jobs

    mattes = tmp_path / "mattes"
    mattes.mkdir()
    for i in range(3):
        Image.fromarray(np.pad(np.full((20, 20), 255, np.uint8), 10 + i)).save(mattes / f"m{i}.png")
    hints = jobs(tuple(sorted(mattes.iterdir())), "fba", 3)
    for workers in (1, 2):
        assert [w.status for w in write_set(tmp_path / str(workers), hints, workers)] == ["done"] * 3
    for i in range(3):
        one, two = (tmp_path / str(workers) / "trimap" / f"m{i}.png" for workers in (1, 2))
        assert one.read_bytes() == two.read_bytes()


def test_other_options_are_refused(tmp_path: Path) -> None:
    statuses(tmp_path, JOBS)
    with pytest.raises(InputError, match="made with other options or inputs"):
        statuses(tmp_path, [Flat("p0", 77)])


def test_somebody_else_s_file_stays(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "p0.png").write_bytes(b"mine")
    with pytest.raises(InputError, match="not from this tool"):
        statuses(tmp_path, JOBS)
    assert (tmp_path / "images" / "p0.png").read_bytes() == b"mine"


def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two pictures would be called p1"):
        statuses(tmp_path, [JOBS[1], Flat("p1", 9)])
