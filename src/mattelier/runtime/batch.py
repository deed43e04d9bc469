"""Many pictures in, many out: sub-folders kept, done work skipped, a bad file named and passed over.

`find` says which pictures are meant, `plan` pairs each with an output of its own, `run` works the pairs off one at a
time, so that memory does not grow with their number.
"""

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mattelier.errors import InputError, MattelierError, NoSubject
from mattelier.runtime.cutout import Cutout
from mattelier.runtime.manifest import Manifest, Record, digest

MARK = ".cutout"  # NAME.cutout.png: our own outputs beside their inputs
READABLE = frozenset(
    (".jpg", ".jpeg", ".jpe", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".heic", ".heif")
)  # in a folder only these are looked at; a file named outright is always tried

Status = Literal["done", "skipped", "no subject", "failed"]


@dataclass(frozen=True)
class Job:
    """One picture and where its cut-out goes."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Outcome:
    """What became of a job; the facts of its cut-out where one was made in this run, but not its pixels."""

    job: Job
    status: Status
    message: str = ""
    model: str | None = None
    hw: tuple[int, int] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def done(cls, job: Job, cutout: Cutout) -> "Outcome":
        """The outcome of a cut-out that was written."""
        height, width = cutout.alpha.shape
        return cls(job, "done", "", cutout.model, (height, width), cutout.seconds, cutout.notes)


@dataclass(frozen=True)
class Work:
    """How to do one job.

    recipe: all that decides the output beside the input (options, weights, version), as one text.
    cut: makes a cut-out of a picture.  save: writes it whole to a path, replacing what is there.
    overwrite: do again what is done, and replace files that are not ours.
    """

    recipe: str
    cut: Callable[[Path], Cutout]
    save: Callable[[Cutout, Path], object]
    overwrite: bool = False


def find(inputs: Sequence[str], folder: Path | None = None) -> tuple[list[Path], Path]:
    """The pictures that files, folders and patterns mean, sorted, and the folder they are all under.

    Folders are searched to the bottom; hidden files, our own outputs and the output folder are passed over.
    A path that does not exist is handed on, to be named when its turn comes.
    Raises InputError when there is no picture at all.
    """
    outputs = folder.resolve() if folder else None
    roots: list[Path] = []
    found: dict[Path, Path] = {}  # by absolute path: a picture named twice is one
    for path in (path for text in inputs for path in _expand(text)):
        if path.is_dir():
            roots.append(path)
            found |= {picture.absolute(): picture for picture in _pictures(path, outputs)}
        elif len(inputs) == 1 or not path.stem.endswith(MARK):  # *.png in a shell also names yesterday's outputs
            roots.append(path.parent)
            found[path.absolute()] = path
    if not found:
        raise InputError(
            f"no picture in {', '.join(inputs)}; expected files ending in {', '.join(sorted(READABLE))}; check the path"
        )
    return sorted(found.values()), Path(os.path.commonpath([root.resolve() for root in roots]))


def plan(sources: Sequence[Path], base: Path, folder: Path | None, suffix: str) -> list[Job]:
    """One job a picture, no two with one target, none with an input for its target.

    folder: NAME.suffix there, under the same sub-folders as below `base`; None: NAME.cutout.suffix beside the input.
    Where that name is taken the input's own ending joins it: x.jpg and x.png give x.cutout.png and x.png.cutout.png.
    """
    taken = {source.resolve() for source in sources}
    jobs = []
    for source in sources:
        parent = source.parent.resolve()
        home = source.parent if folder is None else folder / parent.relative_to(base)
        names = [f"{source.stem}{MARK}{suffix}", f"{source.name}{MARK}{suffix}"]
        if home.resolve() != parent:
            names.insert(0, f"{source.stem}{suffix}")
        free = [home / name for name in names if (home / name).resolve() not in taken]
        if not free:
            raise InputError(f"{source}: every name for its cut-out is another input; pass -o with another folder")
        taken.add(free[0].resolve())
        jobs.append(Job(source, free[0]))
    return jobs


def run(jobs: Sequence[Job], work: Work) -> Iterator[Outcome]:
    """Work off the jobs in order; each outcome is given out as soon as it is known.

    A target that the folder's manifest does not account for is left alone, unless `work.overwrite`.
    """
    manifests: dict[Path, Manifest] = {}
    for job in jobs:
        home = job.target.parent
        try:
            if home not in manifests:
                manifests[home] = Manifest(home)
            yield _one(job, work, manifests[home])
        except NoSubject as error:
            yield Outcome(job, "no subject", str(error))
        except MattelierError as error:
            yield Outcome(job, "failed", str(error))
        except MemoryError:
            yield Outcome(job, "failed", f"{job.source} does not fit into memory; make it smaller, or free memory")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            yield Outcome(job, "failed", f"{error.filename or job.target}: {reason}; check permissions and free space")


def _one(job: Job, work: Work, manifest: Manifest) -> Outcome:
    if job.target.exists() and not work.overwrite:
        before = _ours(job, manifest)
        if job.source.is_file() and (before.input, before.recipe) == (digest(job.source), work.recipe):
            return Outcome(job, "skipped", "done before with the same input, options and weights")
        if before.source != _seen_from(job):
            raise InputError(f"{job.target} was made from {before.source}; pass --overwrite, or -o with another folder")
    cutout = work.cut(job.source)
    make_home(job.target)
    work.save(cutout, job.target)
    manifest.add(Record(job.target.name, _seen_from(job), digest(job.source), work.recipe, digest(job.target)))
    return Outcome.done(job, cutout)


def _ours(job: Job, manifest: Manifest) -> Record:
    """The record of a target that is there.  Raises InputError when it is not as a run left it."""
    record = manifest.get(job.target.name)
    if record is None or record.output != digest(job.target):
        raise InputError(
            f"{job.target} is there already and not as this tool left it; pass --overwrite, or move it away"
        )
    return record


def _seen_from(job: Job) -> str:
    """The source's path from the target's folder: it stays true when both move together."""
    source, home = job.source.absolute(), job.target.parent.absolute()
    try:
        return Path(os.path.relpath(source, home)).as_posix()
    except ValueError:  # two drives of Windows
        return source.as_posix()


def make_home(target: Path) -> None:
    """Make the folder a file goes to.  Raises InputError when that cannot be."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{target.parent} cannot be made a folder ({reason}); pass -o with another place") from error


def _expand(text: str) -> list[Path]:
    path = Path(text)
    if path.exists() or not glob.has_magic(text):
        return [path]
    return [Path(match) for match in sorted(glob.glob(text, recursive=True))] or [path]


def _pictures(folder: Path, outputs: Path | None) -> Iterator[Path]:
    closed: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and Path(parent, name).resolve() != outputs
        )
        for path in (Path(parent, name) for name in sorted(files)):
            is_ours = path.stem.endswith(MARK)
            if path.suffix.lower() in READABLE and not path.name.startswith(".") and not is_ours:
                yield path
    # a folder that may not be read is handed on too: its turn as a picture fails, and so it is named
    yield from (Path(str(error.filename)) for error in closed)
