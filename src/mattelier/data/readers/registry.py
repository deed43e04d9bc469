"""Which set a folder holds: told by the folders inside it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mattelier.data.readers import (
    aim500,
    am2k,
    benchmark,
    composition1k,
    distinctions646,
    p3m10k,
    pm10k,
    ppm100,
    refmatte,
)
from mattelier.data.readers.example import Example, Split, Subject
from mattelier.data.references import as_examples, read_references


@dataclass(frozen=True)
class Reader:
    """A set's name, the folders and files that every copy of it has, and how it is read."""

    name: str
    marks: tuple[str, ...]
    read: Callable[[Path, Split], tuple[Example, ...]]
    subjects: Callable[[Path, Split], tuple[Subject, ...]] | None = None
    is_named: Callable[[Path], bool] = lambda root: True

    def fits(self, root: Path) -> bool:
        """Whether a folder has this set's layout."""
        return all((root / mark).exists() for mark in self.marks) and self.is_named(root)


def _read_expressions(root: Path, split: Split) -> tuple[Example, ...]:
    # such a set is written for one split; which one stands in its manifest
    return as_examples(read_references(root))


# The first that fits: of two sets with one layout, the one that is told by its name comes first.
READERS = (
    Reader("P3M-10k", p3m10k.MARKS, p3m10k.read),
    Reader("PM-10k", pm10k.MARKS, pm10k.read, is_named=pm10k.is_named),
    Reader("AM-2k", am2k.MARKS, am2k.read),
    Reader("Composition-1k", composition1k.MARKS, composition1k.read, composition1k.subjects),
    Reader("Composition-1k", composition1k.FLAT_MARKS, composition1k.read_flat),
    Reader("Distinctions-646", distinctions646.MARKS, distinctions646.read, distinctions646.subjects),
    Reader("RefMatte-RW100", refmatte.RW100_MARKS, refmatte.read_scored),
    Reader("RefMatte", refmatte.MARKS, refmatte.read),
    Reader("AIM-500", aim500.MARKS, aim500.read),
    Reader("PPM-100", ppm100.MARKS, ppm100.read),
    Reader("referring expressions", ("images", "alpha", "expressions.jsonl"), _read_expressions),
    Reader("benchmark", benchmark.MARKS, benchmark.read),
)


def recognise(root: Path) -> Reader | None:
    """The reader whose layout a folder has, or None."""
    return next((reader for reader in READERS if reader.fits(root)), None)
