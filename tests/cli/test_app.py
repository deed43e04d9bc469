"""The command as such: help, version, exit codes."""

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version

import pytest
from typer.testing import Result

from mattelier import errors
from mattelier.cli import EXIT_CODES

Matte = Callable[..., Result]


@pytest.mark.parametrize("words", [("-h",), ("--help",), ("cut", "-h"), ("models", "--help"), ("doctor", "-h")])
def test_help_explains(matte: Matte, words: tuple[str, ...]) -> None:
    result = matte(*words)
    assert result.exit_code == 0
    assert "Usage: " in result.stdout


def test_help_of_cut_lists_every_option_of_the_design(matte: Matte) -> None:
    shown = matte("cut", "--help").stdout
    options = "--output --model --trimap --prompt --keep --background --quality --format --bits --device --engine"
    for option in (*options.split(), "--threads", "--overwrite", "--json", "--max-pixels"):
        assert option in shown


def test_version(matte: Matte) -> None:
    assert matte("--version").stdout == f"matte {version('mattelier')}\n"


@pytest.mark.parametrize("words", [("carve",), ("--nosuch",)])
def test_unknown_words_are_usage(matte: Matte, words: tuple[str, ...]) -> None:
    assert matte(*words).exit_code == 2


def test_every_error_of_the_family_has_its_code() -> None:
    def code(kind: type[errors.MattelierError]) -> int:
        return next(number for parent, number in EXIT_CODES if issubclass(kind, parent))

    family = (errors.MattelierError, *errors.MattelierError.__subclasses__())
    found = {
        kind.__name__: code(kind) for kind in family if kind.__module__ == errors.__name__
    }  # the server has its own
    assert found == {
        "MattelierError": 1,
        "InputError": 1,
        "NoSubject": 3,
        "UnknownModel": 2,
        "WeightsError": 1,
        "MissingExtra": 2,
        "DeviceError": 2,
    }


def test_python_m_mattelier_is_matte(offline: dict[str, str]) -> None:
    command = [sys.executable, "-m", "mattelier"]
    shown = subprocess.run([*command, "--version"], env=offline, capture_output=True, text=True)
    assert (shown.returncode, shown.stdout) == (0, f"matte {version('mattelier')}\n")
    missing = subprocess.run([*command, "models", "show", "x"], env=offline, capture_output=True, text=True)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr.startswith("matte: no model is called 'x'")
