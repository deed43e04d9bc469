"""Our own headers on the answers of other protocols: what had no effect, and how the picture was made."""

import json
from collections.abc import Sequence
from urllib.parse import quote

from mattelier.serve.removal import Removal

MOST_NAMES, LONGEST_NAME = 20, 40  # of ignored fields that fit into a header


def told(ignored: Sequence[str], removal: Removal) -> dict[str, str]:
    """Our own headers: what had no effect, what the file was like, and which model took how long."""
    seconds = {stage: round(value, 4) for stage, value in removal.seconds.items()}
    notes = {"X-Mattelier-Notes": quote(" ".join(removal.notes))} if removal.notes else {}
    return {
        "X-Mattelier-Model": removal.model,
        "X-Mattelier-Seconds": json.dumps(seconds),
        **notes,
        **ignored_header(ignored),
    }


def ignored_header(names: Sequence[str]) -> dict[str, str]:
    """The header that names what was given and has no effect; a client's words are percent-encoded and cut short."""
    shown = [quote(name[:LONGEST_NAME], safe="") for name in names[:MOST_NAMES]]
    return {"X-Mattelier-Ignored": ", ".join(shown)} if shown else {}
