"""Weight files: where they lie, whether they are the right bytes, and which card a name means.

A file is looked for inside the package (`shipped/`) and then in the user's folder. Its SHA-256 is compared with the
card's before every load, on the very bytes that are loaded; nothing turns that off.
"""

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from mattelier.errors import InputError, UnknownModel, WeightsError

DIGEST_CHARS = 8  # of a pin, NAME@DIGEST
CARD_SUFFIX = ".card.json"


class WeightFile(Protocol):
    """What this module reads of `models.cards.Weights`."""

    @property
    def file(self) -> str: ...
    @property
    def sha256(self) -> str: ...


class Named(Protocol):
    """What this module reads of `models.cards.Card`; the cards lie in a layer above."""

    @property
    def name(self) -> str: ...
    @property
    def weights(self) -> WeightFile: ...


CardT = TypeVar("CardT", bound=Named)


def user_folder() -> Path:
    """The folder for weights that do not come with the package: $MATTELIER_HOME, else the platform's place for data."""
    if home := os.environ.get("MATTELIER_HOME"):
        return Path(home).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "mattelier"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "mattelier"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "mattelier"


def shipped_folder() -> Path:
    """The folder of the weights inside the package."""
    return Path(__file__).parent / "shipped"


def card_file(name: str) -> Path:
    """Where the card of an imported model lies."""
    return user_folder() / f"{name}{CARD_SUFFIX}"


def card_files() -> list[Path]:
    """The cards of the user's folder, by name."""
    return sorted(user_folder().glob(f"*{CARD_SUFFIX}"))


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """A folder inside `folder`, gone at the end: files are finished there and then moved, so that none is seen half.

    Raises InputError where nothing can be written.
    """
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".part-") as name:
            yield Path(name)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written to ({error.strerror or error}); expected a writable folder with room; "
            "choose another, or free some space"
        ) from error


def find(weights: WeightFile) -> Path:
    """The path of a card's file.  Raises WeightsError when neither the package nor the user's folder has it."""
    folders = (shipped_folder(), user_folder())
    for folder in folders:
        if (path := folder / weights.file).is_file():
            return path
    raise WeightsError(
        f"{weights.file} is neither in the package nor in {folders[1]}; expected a file with sha256 "
        f"{weights.sha256[:12]}...; put it there, or set MATTELIER_HOME to the folder that has it"
    )


def read(weights: WeightFile, path: Path | None = None) -> bytes:
    """The bytes of a card's file, checked; `path` overrides where it lies, not what it must be.

    Raises WeightsError when the file is missing or its SHA-256 is not the card's.
    """
    path = path or find(weights)
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise WeightsError(
            f"{path}: {reason}; expected the weight file {weights.file}; check the path and its permissions"
        ) from error
    found = hashlib.sha256(data).hexdigest()
    if found != weights.sha256:
        raise WeightsError(
            f"{path} has sha256 {found[:12]}... ({len(data)} bytes); its card says {weights.sha256[:12]}...; "
            "the file is damaged or of another version: install it again"
        )
    return data


def pin(card: Named) -> str:
    """NAME@DIGEST: the name that means exactly these weights."""
    return f"{card.name}@{card.weights.sha256[:DIGEST_CHARS]}"


def resolve(name: str, cards: Sequence[CardT]) -> CardT:
    """The card that `name` means: a full name, its beginning ("modnet", "modnet-lite"), each with or without @DIGEST.

    The first card whose name begins so wins; cards are listed best first.  Raises UnknownModel with near names, and
    WeightsError when the name is known but its weights are not the pinned ones, or its card is broken.
    """
    stem, _, digest = name.partition("@")
    named = [card for card in cards if _begins(card.name, stem)]
    if not named:
        _refuse_broken(stem)
        raise UnknownModel(f"no model is called {stem!r}; {_near(stem, cards)}; see matte models list")
    if "@" in name and not re.fullmatch(r"[0-9a-f]{8,64}", digest):
        raise UnknownModel(f"{name!r} has the pin {digest!r}; expected at least 8 hex digits, as in {pin(named[0])}")
    pinned = [card for card in named if card.weights.sha256.startswith(digest)]
    if not pinned:
        have = ", ".join(pin(card) for card in named)
        raise WeightsError(
            f"the weights {name} are not here; found {have}; install the version that has them or drop the pin"
        )
    return next((card for card in pinned if card.name == stem), pinned[0])


def _refuse_broken(stem: str) -> None:
    """Raises WeightsError when the name is that of a card in the user's folder: it was no card that could be used."""
    for path in card_files():
        if _begins(path.name.removesuffix(CARD_SUFFIX), stem):
            raise WeightsError(
                f"the card {path} cannot be used; expected what matte models import writes (matte models list says "
                "what is wrong with it); import the checkpoint again with --overwrite, or remove the file"
            )


def _begins(name: str, stem: str) -> bool:
    """Whether `stem` is `name` up to one of its separators: "modnet" begins "modnet-lite.mattelier", "mod" does not."""
    return bool(stem) and (name == stem or name.startswith((f"{stem}-", f"{stem}.")))


def _near(stem: str, cards: Sequence[Named]) -> str:
    """The words that list near names, or all of them when none is near."""
    names = [card.name for card in cards]
    if not names:
        return "this installation carries no model"
    aliases = {part: name for name in reversed(names) for part in (name, name.split(".")[0], name.split("-")[0])}
    import difflib

    near = difflib.get_close_matches(stem, aliases, n=3, cutoff=0.5)
    if near:
        return "near names: " + ", ".join(dict.fromkeys(aliases[match] for match in near))
    return "there are: " + ", ".join(names)
