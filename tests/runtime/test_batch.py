"""Many pictures: no two collide, none replaces an input, done work is skipped, a bad file stops nothing."""

import gc
import os
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mattelier.errors import InputError, NoSubject
from mattelier.runtime import batch
from mattelier.runtime.batch import Job, Outcome, Work
from mattelier.runtime.cutout import Cutout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """photos/{x.jpg, x.png, a/x.jpg, b/x.jpg, notes.txt, .hidden.jpg, .git/x.jpg}; a file holds its own name."""
    for name in ("x.jpg", "x.png", "a/x.jpg", "b/x.jpg", "notes.txt", ".hidden.jpg", ".git/x.jpg"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def names(paths: list[Path], base: Path) -> list[str]:
    return [path.relative_to(base).as_posix() for path in paths]


def targets(inputs: list[Path], folder: Path | None) -> list[Path]:
    sources, base = batch.find([str(path) for path in inputs], folder)
    return [job.target for job in batch.plan(sources, base, folder, ".png")]


def test_a_folder_means_its_pictures_to_the_bottom(tree: Path) -> None:
    sources, base = batch.find([str(tree / "photos")])
    assert names(sources, tree / "photos") == ["a/x.jpg", "b/x.jpg", "x.jpg", "x.png"]
    assert base == tree / "photos"


def test_a_pattern_is_understood_where_the_shell_does_not(tree: Path) -> None:
    sources, base = batch.find([str(tree / "photos" / "**" / "*.jpg")])
    assert names(sources, tree) == ["photos/a/x.jpg", "photos/b/x.jpg", "photos/x.jpg"]
    assert base == tree / "photos"


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tree: Path) -> None:
    (tree / "x[1].jpg").write_text("")
    (tree / "x1.jpg").write_text("")
    assert names(batch.find([str(tree / "x[1].jpg")])[0], tree) == ["x[1].jpg"]


def test_our_own_outputs_are_no_input_of_the_next_run(tree: Path) -> None:
    for name in ("x.cutout.png", "out/x.png"):
        (tree / "photos" / name).parent.mkdir(exist_ok=True)
        (tree / "photos" / name).write_text("")
    sources, _ = batch.find([str(tree / "photos")], tree / "photos" / "out")
    assert names(sources, tree / "photos") == ["a/x.jpg", "b/x.jpg", "x.jpg", "x.png"]
    shell = [str(tree / "photos" / name) for name in ("x.cutout.png", "x.png")]
    assert names(batch.find(shell)[0], tree / "photos") == ["x.png"]
    assert names(batch.find(shell[:1])[0], tree / "photos") == ["x.cutout.png"]  # named outright: meant


def test_a_folder_that_may_not_be_read_is_named(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("a"):
            raise PermissionError(13, "Permission denied", str(path))
        return really(path)

    monkeypatch.setattr("os.scandir", scandir)
    assert names(batch.find([str(tree / "photos")])[0], tree / "photos") == ["a", "b/x.jpg", "x.jpg", "x.png"]


def test_a_picture_named_twice_is_one(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "photos")
    named = ["x.jpg", "./x.jpg", str(tree / "photos" / "x.jpg"), "."]
    assert sorted(path.name for path in batch.find(named)[0]) == ["x.jpg", "x.jpg", "x.jpg", "x.png"]


def test_no_picture_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no picture in"):
        batch.find([str(tmp_path)])


def test_a_file_that_is_not_there_is_left_to_be_named_in_its_turn(tree: Path) -> None:
    sources, _ = batch.find([str(tree / "photos" / "x.jpg"), str(tree / "gone.jpg"), str(tree / "*.tif")])
    assert names(sources, tree) == ["*.tif", "gone.jpg", "photos/x.jpg"]


def test_outputs_lie_beside_the_inputs_under_another_name(tree: Path) -> None:
    assert names(targets([tree / "photos"], None), tree / "photos") == [
        "a/x.cutout.png",
        "b/x.cutout.png",
        "x.cutout.png",
        "x.png.cutout.png",
    ]


def test_sub_folders_are_kept_in_another_folder(tree: Path) -> None:
    out = tree / "out"
    made = targets([tree / "photos"], out)
    assert names(made, out) == ["a/x.png", "b/x.png", "x.png", "x.cutout.png"]


def test_files_of_two_folders_do_not_collide(tree: Path) -> None:
    made = targets([tree / "photos/a/x.jpg", tree / "photos/b/x.jpg"], tree / "out")
    assert names(made, tree / "out") == ["a/x.png", "b/x.png"]
    made = targets([tree / "photos/a", tree / "photos/b"], tree / "out")
    assert names(made, tree / "out") == ["a/x.png", "b/x.png"]


def test_the_input_folder_as_output_folder_replaces_nothing(tree: Path) -> None:
    made = targets([tree / "photos"], tree / "photos")
    inputs, _ = batch.find([str(tree / "photos")])
    assert not set(made) & set(inputs)
    assert all(path.stem.endswith(".cutout") for path in made)


def test_a_linked_picture_keeps_the_place_of_its_link(tree: Path) -> None:
    (tree / "photos" / "a" / "link.jpg").symlink_to(tree / "photos" / "x.jpg")
    assert "a/link.png" in names(targets([tree / "photos"], tree / "out"), tree / "out")


def test_three_of_one_name_have_no_third_name(tmp_path: Path) -> None:
    inputs = [tmp_path / name for name in ("x.png", "x.cutout.png", "x.png.cutout.png")]
    with pytest.raises(InputError, match="every name for its cut-out is another input"):
        batch.plan(inputs, tmp_path, None, ".png")


@pytest.fixture
def cutout() -> Cutout:
    return Cutout(alpha=np.ones((2, 2), np.float32), pixels=np.zeros((2, 2, 3), np.uint8), profile=None, model="m@0")


@pytest.fixture
def work(cutout: Cutout) -> Work:
    """Copies the input's text, and refuses what says so."""
    read: dict[int, str] = {}

    def cut(source: Path) -> Cutout:
        if not source.exists() or "bad" in (text := source.read_text()):
            raise InputError(f"{source} is no picture")
        if "empty" in text:
            raise NoSubject("no subject found")
        made = replace(cutout)
        read[id(made)] = text
        return made

    return Work("recipe", cut, lambda made, target: target.write_text(f"cut {read[id(made)]}"))


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    for name in ("1", "2", "3"):
        (tmp_path / f"{name}.jpg").write_text(name)
    return [Job(tmp_path / f"{name}.jpg", tmp_path / "out" / f"{name}.png") for name in ("1", "2", "3")]


def run(jobs: list[Job], work: Work) -> list[Outcome]:
    return list(batch.run(jobs, work))


def test_a_bad_file_is_named_and_does_not_stop_the_rest(jobs: list[Job], work: Work, cutout: Cutout) -> None:
    jobs[0].source.write_text("bad")
    jobs[1].source.write_text("empty")
    outcomes = run([*jobs, Job(Path("gone.jpg"), jobs[0].target.with_name("gone.png"))], work)
    assert statuses(outcomes) == ["failed", "no subject", "done", "failed"]
    assert "1.jpg is no picture" in outcomes[0].message
    assert [job.target.exists() for job in jobs] == [False, False, True]


def test_done_work_is_skipped(jobs: list[Job], work: Work) -> None:
    assert statuses(run(jobs, work)) == ["done"] * 3
    assert statuses(run(jobs, work)) == ["skipped"] * 3


def test_another_input_recipe_or_a_lost_output_is_done_again(jobs: list[Job], work: Work) -> None:
    run(jobs, work)
    jobs[0].source.write_text("other")
    jobs[1].target.unlink()
    assert statuses(run(jobs, work)) == ["done", "done", "skipped"]
    assert jobs[0].target.read_text() == "cut other"
    assert statuses(run(jobs, replace(work, recipe="another"))) == ["done"] * 3
    assert statuses(run(jobs, replace(work, recipe="another", overwrite=True))) == ["done"] * 3


def test_a_file_that_is_not_ours_is_left_alone(jobs: list[Job], work: Work) -> None:
    run(jobs[:2], work)
    jobs[1].target.write_text("retouched by hand")
    jobs[2].target.write_text("was here before")
    outcomes = run(jobs, work)
    assert statuses(outcomes) == ["skipped", "failed", "failed"]
    assert "--overwrite" in outcomes[1].message
    assert (jobs[1].target.read_text(), jobs[2].target.read_text()) == ("retouched by hand", "was here before")
    assert statuses(run(jobs, replace(work, overwrite=True))) == ["done"] * 3
    assert jobs[2].target.read_text() == "cut 3"


def test_an_output_of_another_photo_is_left_alone(jobs: list[Job], work: Work) -> None:
    """photosA/x.jpg and photosB/x.jpg, both cut to one folder, in two runs."""
    run(jobs[:1], work)
    second = Job(jobs[1].source, jobs[0].target)
    outcomes = run([second], work)
    assert statuses(outcomes) == ["failed"]
    assert "was made from ../1.jpg; pass --overwrite" in outcomes[0].message
    assert jobs[0].target.read_text() == "cut 1"
    jobs[1].source.write_text("1")  # the same picture under another name: nothing to do
    assert statuses(run([second], work)) == ["skipped"]


def test_an_input_that_went_away_is_not_called_done(jobs: list[Job], work: Work) -> None:
    run(jobs, work)
    jobs[0].source.unlink()
    assert statuses(run(jobs, work)) == ["failed", "skipped", "skipped"]


def test_what_the_disk_refuses_is_said(jobs: list[Job], work: Work) -> None:
    jobs[0].target.parent.write_text("a file where the folder should be")
    outcomes = run(jobs[:1], work)
    assert statuses(outcomes) == ["failed"]
    assert "out" in outcomes[0].message


def test_no_cutout_is_held_after_its_turn(jobs: list[Job], work: Work) -> None:
    """Memory does not grow with the number of pictures, even when all outcomes are kept."""
    held: list[weakref.ref[Cutout]] = []

    def save(made: Cutout, target: Path) -> None:
        held.append(weakref.ref(made))
        work.save(made, target)

    outcomes = run(jobs, replace(work, save=save))
    assert statuses(outcomes) == ["done"] * 3
    assert [outcome.hw for outcome in outcomes] == [(2, 2)] * 3
    gc.collect()
    assert [ref() for ref in held] == [None] * 3
