"""What a long run has measured so far, a line a picture in FILE.part, so that a stopped run can go on."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mattelier.errors import InputError


class Journal:
    """Pictures done, by system. Without a file it forgets when the run ends.

    The first line says what is measured and where; a run goes on only where all of that is the same.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._done: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def begin(self, identity: Mapping[str, Any], resume: bool) -> None:
        """Start a new file, or with `resume` take up the one that a stopped run left, if it left one.

        Raises InputError when that was another run, or when a file is there and `resume` was not asked for.
        """
        if self._file is None:
            return
        if not self._file.exists():
            self._write(json.dumps(identity), "x")
            return
        if not resume:
            raise InputError(
                f"{self._file} is left of a run that was stopped; expected none; pass --resume to go on with it, or "
                "--overwrite to start again"
            )
        self._read(json.loads(json.dumps(identity)))

    def done(self, system: str) -> list[dict[str, Any]]:
        """The pictures of a system that are measured."""
        return list(self._done[system])

    def add(self, system: str, picture: dict[str, Any]) -> None:
        """One more; on the disk before this returns."""
        self._done[system].append(picture)
        if self._file is not None:
            self._write(json.dumps({"system": system, "picture": picture}), "a")

    def forget(self) -> None:
        """Remove the file: the run is complete and its result written, or is to start again."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def _read(self, identity: Mapping[str, Any]) -> None:
        if self._file is None:
            return
        text = self._file.read_text(encoding="utf-8")
        lines = text.splitlines()
        found = _parsed(lines[0]) if lines else None
        if found != identity:
            differing = [key for key in identity if found is None or found.get(key) != identity[key]]
            raise InputError(
                f"{self._file} is of another run: {', '.join(differing)} differ; expected the same set, systems, "
                "weights, commit and machine; pass --overwrite to start again"
            )
        entries = [entry for entry in map(_parsed, lines[1:]) if entry]
        if not text.endswith("\n"):
            self._write("", "a")  # the next line must not join one that was cut off
        for entry in entries:
            self._done[entry["system"]].append(entry["picture"])

    def _write(self, line: str, mode: str) -> None:
        if self._file is None:
            return
        try:
            with self._file.open(mode, encoding="utf-8") as stream:
                stream.write(line + "\n")
        except OSError as error:
            raise InputError(
                f"{self._file} cannot be written ({error.strerror}); a run keeps its progress there; "
                "name another place with --json"
            ) from error


def _parsed(line: str) -> dict[str, Any] | None:
    """A line's content; None for one that was cut off while it was written."""
    try:
        content = json.loads(line)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
