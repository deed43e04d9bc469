"""What a folder of outputs remembers: which input and recipe gave which bytes."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = ".matte.jsonl"


@dataclass(frozen=True)
class Record:
    """A line of the manifest: this input with this recipe gave these bytes.

    name: of the output.  source: path of the input, seen from the folder.  input, output: SHA-256 of the files.
    """

    name: str
    source: str
    input: str
    recipe: str
    output: str


class Manifest:
    """The records of one folder, appended line by line so that a run that is cut short loses none."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._records: dict[str, Record] = {}
        if self._path.is_file():
            text = self._path.read_text(encoding="utf-8", errors="replace")
            self._records = {record.name: record for line in text.splitlines() if (record := _parse(line)) is not None}
            if text and not text.endswith("\n"):  # a run was killed while it wrote
                self._write("\n")

    def get(self, name: str) -> Record | None:
        """The last record of an output."""
        return self._records.get(name)

    def add(self, record: Record) -> None:
        """Remember a finished output."""
        self._records[record.name] = record
        self._write(json.dumps(asdict(record)) + "\n")

    def _write(self, text: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(text)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parse(line: str) -> Record | None:
    """A record, or None for a torn or foreign line: then the work is simply done again."""
    try:
        return Record(**json.loads(line))
    except (ValueError, TypeError):
        return None
