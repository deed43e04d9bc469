"""Quotas that an operator may set: how many pictures a key may still have."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mattelier.errors import InputError
from mattelier.image.output import write
from mattelier.serve.problems import Problem
from mattelier.serve.settings import Settings


class Ledger:
    """Credits used by each key; kept in a file when the settings name one."""

    def __init__(self, settings: Settings) -> None:
        """Raises InputError when the file of the settings holds no ledger."""
        self._total = settings.credits
        self._path = Path(settings.ledger) if settings.ledger else None
        self._lock = threading.Lock()
        self._used = _read(self._path) if self._path else {}

    def balance(self, key: str | None) -> float | None:
        """What a key has left; None: no quota is set."""
        if self._total is None or key is None:
            return None
        return max(0.0, self._total - self._used.get(key, 0.0))

    def charge(self, key: str | None, credits: float) -> None:
        """Take credits from a key.  Raises Problem 402 when it has fewer, and then takes none."""
        with self._lock:
            balance = self.balance(key)
            if balance is None or key is None:
                return
            if credits > balance:
                raise Problem(
                    402,
                    "insufficient_credits",
                    f"the key has {balance:g} credits left; this picture costs {credits:g}; ask the server's operator",
                )
            self._book(key, credits)

    @contextmanager
    def charged(self, key: str | None, credits: float) -> Iterator[None]:
        """Charge before the block, so that no credit is spent twice; give it back when the block fails."""
        self.charge(key, credits)
        try:
            yield
        except BaseException:
            self.refund(key, credits)
            raise

    def refund(self, key: str | None, credits: float) -> None:
        """Give credits back that bought nothing."""
        with self._lock:
            if self._total is not None and key is not None:
                self._book(key, -credits)

    def _book(self, key: str, credits: float) -> None:
        self._used[key] = max(0.0, self._used.get(key, 0.0) + credits)
        if self._path:
            write(self._path, json.dumps(self._used, indent=1).encode(), overwrite=True)


def _read(path: Path) -> dict[str, float]:
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): float(used) for key, used in found.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} holds no ledger ({error}); an object of key names and used credits was expected; "
            "correct it, or remove it to begin at zero"
        ) from error
