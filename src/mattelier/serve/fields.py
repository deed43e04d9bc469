"""The text fields of a form, read with a sentence for everything that cannot be."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from mattelier.serve.problems import Problem
from mattelier.serve.removebg_values import choice
from mattelier.serve.uploads import Form

T = TypeVar("T")
SHOWN = 40  # characters of a client's word that come back in a sentence


class Fields:
    """A form's text fields, each read by a function that raises ValueError with what it expected."""

    def __init__(self, form: Form, given: frozenset[str] | None = None) -> None:
        """given: the names to look at; None: all that are not empty."""
        given = frozenset(name for name, text in form.fields.items() if text.strip()) if given is None else given
        self._found: Mapping[str, str] = {name: text.strip() for name, text in form.fields.items() if name in given}

    def read(self, name: str, how: Callable[[str], T], default: T) -> T:
        """The field's value, or the default when it is not given.  Raises Problem 400 `invalid_parameter`."""
        if name not in self._found:
            return default
        text = self._found[name]
        try:
            return how(text)
        except ValueError as error:
            raise invalid(name, f"{text[:SHOWN]!a}; {error} was expected; correct it, or leave it out") from None

    def word(self, name: str, known: tuple[str, ...], default: str) -> str:
        """The field's value out of a closed choice."""
        return self.read(name, lambda text: choice(text, known), default)


def invalid(name: str, text: str) -> Problem:
    """The refusal of a field; text: what it is, what was expected, what to do."""
    return Problem(400, "invalid_parameter", f"{name} is {text}")
