"""Measure systems on a picture set: every picture, every figure, means with intervals, and where it ran."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from mattelier.data.readers.example import Example
from mattelier.errors import InputError
from mattelier.evaluate import referring
from mattelier.evaluate.environment import environment
from mattelier.evaluate.journal import Journal
from mattelier.evaluate.judge import FIGURES, judge
from mattelier.evaluate.sets import PictureSet, read_set
from mattelier.evaluate.statistics import COSTS, compare, summarise
from mattelier.evaluate.system import Request, System
from mattelier.evaluate.systems import open_system
from mattelier.evaluate.worker import Worker

AUTOMATIC = "auto = yes"  # the group of pictures that every system can do


@dataclass(frozen=True)
class Watch:
    """How a run shows itself. track: wraps the pictures of a system, (pictures, how many, system's name)."""

    track: Callable[[Iterable[Example], int, str], Iterable[Example]] = lambda pictures, total, name: pictures
    say: Callable[[str], None] = lambda text: None


def run(
    names: Sequence[str],
    data: Path,
    *,
    baseline: str | None = None,
    limit: int | None = None,
    journal: Journal | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Measure each named system on a folder; the result is what `--json` writes.

    baseline: a system to compare all others with; it is measured too. None: each with each.
    limit: the first so many pictures.  journal, resume: see Journal.
    Raises InputError for a folder without a set, a system without a picture of it and two systems of one name, and what
    opening a system raises. A picture that fails is listed under its system's `failed`, and the rest goes on.
    """
    pictures = read_set(data, limit)
    names = names if baseline is None or baseline in names else [*names, baseline]
    systems = opened(names)
    for system in systems:
        require_pictures(system, pictures)
    base = None if baseline is None else systems[names.index(baseline)].name
    found: dict[str, Any] = {"set": described(pictures, limit), "environment": environment()}
    journal = journal or Journal()
    journal.begin(found | {"systems": [[s.name, s.sha256, s.version] for s in systems]}, resume)
    measured = [measure(system, pictures, journal, watch or Watch()) for system in systems]
    return found | {"baseline": base, "systems": measured, "paired": paired(measured, base)}


def opened(names: Sequence[str]) -> list[System]:
    """The systems of the names.  Raises InputError without any, and for two that would be told apart by nothing."""
    if not names:
        raise InputError("no system was named; expected at least one, such as modnet-lite; see matte models list")
    systems = [open_system(name) for name in names]
    twice = {system.name for system in systems if sum(other.name == system.name for other in systems) > 1}
    if twice:
        raise InputError(f"{', '.join(sorted(twice))} was named twice; expected each system once; leave one away")
    return systems


def require_pictures(system: System, pictures: PictureSet) -> None:
    """Raises InputError when a set has nothing that a system can be judged on."""
    if not pictures.for_systems(system.hint):
        needs = {"none": "pictures with one evident subject (auto = yes)", "trimap": "trimaps", "prompt": "words"}
        raise InputError(
            f"{pictures.name} has no picture for {system.name}; it needs {needs[system.hint]}; choose another set"
        )


def described(pictures: PictureSet, limit: int | None) -> dict[str, Any]:
    """What the set is, and a digest of all its files."""
    return {
        "name": pictures.name,
        "kind": pictures.kind,
        "pictures": len(pictures.pictures),
        "automatic": len(pictures.for_systems("none")),
        "limit": limit,
        "sha256": pictures.sha256(),
    }


def measure(system: System, pictures: PictureSet, journal: Journal, watch: Watch) -> dict[str, Any]:
    """Every picture of the set that the system can do, each once; those in the journal are done."""
    chosen = pictures.for_systems(system.hint)
    done = {picture["name"] for picture in journal.done(system.name)}
    left = [picture for picture in chosen if picture.name not in done]
    failed: list[dict[str, str]] = []
    with Worker(system) as worker:
        for picture in watch.track(left, len(left), system.name):
            try:
                answer = worker.answer(Request(picture.image, picture.trimap, picture.prompt))
                journal.add(system.name, judge(picture, answer))
            except InputError as error:
                failed.append({"name": picture.name, "error": str(error)})
                watch.say(f"{system.name}: {picture.name}: {error}")
    order = {picture.name: place for place, picture in enumerate(chosen)}
    figures = sorted(journal.done(system.name), key=lambda picture: order[picture["name"]])
    return summary(system, figures, failed)


def summary(system: System, figures: list[dict[str, Any]], failed: list[dict[str, str]]) -> dict[str, Any]:
    """A system's part of the result."""
    return {
        "name": system.name,
        "sha256": system.sha256,
        "version": system.version,
        "hint": system.hint,
        "scope": system.scope,
        "groups": {name: summarise(members, (*FIGURES, *COSTS)) for name, members in groups(figures).items()},
        "referring": referring.summary(figures),
        "pictures": figures,
        "failed": failed,
    }


def groups(figures: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """All, those that systems without hints are judged on where there are others too, and each category."""
    found = {"all": figures}
    automatic = [picture for picture in figures if picture["automatic"]]
    if automatic and len(automatic) < len(figures):
        found[AUTOMATIC] = automatic
    categories = sorted({picture["category"] for picture in figures} - {""})
    return found | {name: [p for p in figures if p["category"] == name] for name in categories}


def paired(measured: Sequence[Mapping[str, Any]], baseline: str | None) -> list[dict[str, Any]]:
    """Each other system against the baseline; without one, every later system against every earlier one."""
    if baseline is None:
        pairs = [(later, earlier) for earlier, later in combinations(measured, 2)]
    else:
        base = next(system for system in measured if system["name"] == baseline)
        pairs = [(system, base) for system in measured if system is not base]
    return [compare(ours, theirs, FIGURES) for ours, theirs in pairs]
