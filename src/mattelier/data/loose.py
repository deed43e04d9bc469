"""Loose photos: a folder without mattes or manifest, as adaptation takes it."""

import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mattelier.data.files import load_rgb
from mattelier.errors import InputError

ENDINGS = frozenset((".jpg", ".jpeg", ".png", ".webp"))
NAMED = 3  # unreadable photos in a sentence


@dataclass(frozen=True)
class Photos:
    """Pictures that open, by their names below a folder; and sentences about those that do not."""

    folder: Path
    names: tuple[str, ...]
    skipped: tuple[str, ...]

    def of_step(self, step: int, seed: int) -> Path:
        """Every photo once an epoch, in an order that epoch and seed alone decide: a resumed run sees the same."""
        epoch, place = divmod(step, len(self.names))
        return self.folder / self.names[order(len(self.names), epoch, seed)[place]]

    def some(self, most: int) -> tuple[Path, ...]:
        """A few from the whole of the folder."""
        every = -(-len(self.names) // most)
        return tuple(self.folder / name for name in self.names[::every])


@lru_cache(maxsize=1)
def order(count: int, epoch: int, seed: int) -> list[int]:
    return random.Random(f"{seed} {epoch}").sample(range(count), count)


def find(folder: Path, leaving_out: Path) -> Photos:
    """The photos below a folder, sorted; hidden ones are passed over, and those in a folder to leave out (the run's).

    Each is decoded once, here: a broken one found in the middle of an epoch would change what every later step sees.
    Raises InputError when there is none.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; --photos takes a folder of photos without mattes; check the path")
    names, skipped = [], []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in name.parts)
        if path.suffix.lower() not in ENDINGS or hidden or leaving_out.resolve() in path.resolve().parents:
            continue
        try:
            load_rgb(path)
            names.append(name.as_posix())
        except InputError as error:
            skipped.append(str(error))
    if not names:
        found = f"{len(skipped)} that do not open ({'; '.join(skipped[:NAMED])})" if skipped else "none"
        raise InputError(
            f"{folder} has no photo to adapt to, found {found}; expected files ending in {', '.join(sorted(ENDINGS))}, "
            "also in sub-folders; add some, or choose another folder with --photos"
        )
    return Photos(folder, tuple(names), tuple(skipped))
