"""A set of pictures on disk: folders of PNGs and a manifest, written picture by picture, resumable.

DIR/images|alpha|trimap|fg|bg/NAME.png and DIR/manifest.csv. Every file is whole or absent; the manifest comes last, so
a folder that has one is complete. What is done is kept in a journal, and is not done again by the same recipe.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol

from mattelier.errors import InputError
from mattelier.image import Array
from mattelier.image.io import encode, write

JOURNAL = ".matte-data.jsonl"
MANIFEST = "manifest.csv"


@dataclass(frozen=True)
class Made:
    """One picture of a set: its planes by folder, (H, W) or (H, W, 3) uint8, and its line of the manifest."""

    planes: dict[str, Array]
    row: dict[str, str]


class Job(Protocol):
    """How to make one picture; sent to other processes, so it holds names and numbers and no pixels."""

    @property
    def name(self) -> str:
        """Without an ending; its files are called so."""
        ...

    @property
    def recipe(self) -> str:
        """All that decides the picture, as one text."""
        ...

    def make(self) -> Made:
        """The picture; the same every time."""
        ...


@dataclass(frozen=True)
class Record:
    """A finished picture: its recipe, its line of the manifest and the SHA-256 of its files by path in the set."""

    name: str
    recipe: str
    row: dict[str, str]
    files: dict[str, str]


@dataclass(frozen=True)
class Written:
    """What became of a job."""

    name: str
    status: Literal["done", "skipped"]


class Journal:
    """The records of one folder, a line each, so that a run that is cut short loses at most one picture."""

    def __init__(self, root: Path) -> None:
        self._path = root / JOURNAL
        self.records: dict[str, Record] = {}
        self.begun: set[str] = set()
        text = self._path.read_text(encoding="utf-8") if self._path.is_file() else ""
        for line in text.splitlines():
            self._read(line)
        if text and not text.endswith("\n"):  # a run was killed while it wrote
            self._append("")

    def _read(self, line: str) -> None:
        try:
            entry = json.loads(line)
            if "begun" in entry:
                self.begun |= set(entry["begun"])
            else:
                self.records[entry["name"]] = Record(**entry)
        except (ValueError, TypeError, KeyError):
            return  # torn: that picture is made again

    def begin(self, names: Sequence[str]) -> None:
        """Files of these names may be there from now on, finished or not, and are ours."""
        self.begun |= set(names)
        self._append(json.dumps({"begun": list(names)}))

    def add(self, record: Record) -> None:
        """Remember a finished picture."""
        self.records[record.name] = record
        self._append(json.dumps(record.__dict__))

    def _append(self, line: str) -> None:
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")


def write_set(root: Path, jobs: Sequence[Job], workers: int = 1) -> Iterator[Written]:
    """Make what is missing, in order, and then the manifest; each job's outcome is given out when it is done.

    Raises InputError when two jobs have one name, when a picture of another recipe or a file of somebody else is in
    the way, or when the folder cannot be written.
    """
    names = [job.name for job in jobs]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"two pictures would be called {twice}; expected names of their own; rename one source")
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{root} cannot be made a folder ({error.strerror}); pass -o with another place") from error
    journal = Journal(root)
    done = {job.name for job in jobs if _is_done(root, journal, job)}
    todo = [job for job in jobs if job.name not in done]
    journal.begin([job.name for job in todo])
    finished = _produced(root, todo, workers)
    for job in jobs:
        if job.name in done:
            yield Written(job.name, "skipped")
        else:
            journal.add(next(finished))
            yield Written(job.name, "done")
    write(root / MANIFEST, table([journal.records[name].row for name in names]), overwrite=True)


def table(rows: Sequence[dict[str, str]]) -> bytes:
    """Rows as CSV, with the columns of them all in the order in which they first appear."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


@lru_cache(maxsize=8192)
def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _is_done(root: Path, journal: Journal, job: Job) -> bool:
    record = journal.records.get(job.name)
    if record is None:
        if job.name not in journal.begun and (taken := sorted(root.glob(f"*/{job.name}.png"))):
            raise InputError(f"{taken[0]} is there already and not from this tool; pass -o with another folder")
        return False
    if record.recipe != job.recipe:
        raise InputError(
            f"{root} holds {job.name} made with other options or inputs; pass -o with another folder, or remove it"
        )
    files = [(root / name, expected) for name, expected in record.files.items()]
    return all(path.is_file() and digest.__wrapped__(path) == expected for path, expected in files)


def _produced(root: Path, jobs: Sequence[Job], workers: int) -> Iterator[Record]:
    if workers == 1 or len(jobs) < 2:
        yield from (_produce(root, job) for job in jobs)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # spawn: a fork of a process with threads may hang
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            yield from pool.map(_produce, [root] * len(jobs), jobs)
        finally:
            pool.shutdown(cancel_futures=True)


def _produce(root: Path, job: Job) -> Record:
    made = job.make()
    files = {}
    for folder, plane in made.planes.items():
        path = Path(folder) / f"{job.name}.png"
        (root / folder).mkdir(exist_ok=True)
        data = encode(plane, None, "png")
        write(root / path, data, overwrite=True)
        files[path.as_posix()] = hashlib.sha256(data).hexdigest()
    return Record(job.name, job.recipe, {"name": job.name, **made.row}, files)
