"""The exception family.

A message has three parts: what was found, what was expected, what to do.
Command line and server map the family to exit codes and HTTP statuses, each in one table.
"""


class MattelierError(Exception):
    """Base of everything this package raises on purpose; its text is one sentence for the user."""


class InputError(MattelierError):
    """A picture, an option or a path that cannot be used."""


class NoSubject(MattelierError):
    """The picture was read and understood, and shows no subject to keep."""


class UnknownModel(MattelierError):
    """No card has that name; the message lists near ones."""


class WeightsError(MattelierError):
    """A weight file is missing, damaged or of another variant."""


class MissingExtra(MattelierError):
    """An optional dependency is not installed; the message says which extra brings it."""


class DeviceError(MattelierError):
    """The device or engine asked for is not there; nothing falls back silently."""
