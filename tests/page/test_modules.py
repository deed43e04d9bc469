"""The page's modules that are pure: the ZIP's arithmetic, and commands that do what they say."""

import shlex
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page
from typer.testing import CliRunner

from mattelier.cli import app
from mattelier.serve.native import OPTIONS, PICTURES
from page.visitor import Draw, Visit

Call = Callable[..., Any]


@pytest.fixture
def call(visit: Visit) -> Call:
    """call("zip.js", "crc32", x) is the result of a module's function in the browser."""
    page: Page = visit()

    def run(module: str, function: str, *values: object) -> Any:
        script = "async ([module, name, values]) => (await import(`/page/${module}`))[name](...values)"
        return page.evaluate(script, [module, function, values])

    return run


def test_crc32(call: Call) -> None:
    for data in (b"", b"123456789", bytes(range(256)) * 9):
        assert call("zip.js", "crc32", list(data)) == zlib.crc32(data)


def test_names_in_a_zip_differ(call: Call) -> None:
    given = ["a.png", "a.png", "b.cutout.png", "a.png", "b.cutout.png", "a-2.png", "plain", "plain"]
    names = call("zip.js", "unique", given)
    assert names[:5] == ["a.png", "a-2.png", "b.cutout.png", "a-3.png", "b-2.cutout.png"]
    assert len(set(names)) == len(given)


RECIPE = {"photo": "my cat's.png", "model": "modnet-bright", "background": "#3366cc", "crop": False}


def test_the_command_runs(call: Call, disc: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    disc("my cat's.png")
    program, *words = shlex.split(call("commands.js", "command", RECIPE))
    assert program == "matte"
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    with Image.open("my cat's.cutout.png") as picture:
        assert picture.getpixel((2, 2)) == (0x33, 0x66, 0xCC)


def test_the_python_runs(call: Call, disc: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    disc("my cat's.png")
    for recipe in (RECIPE, {**RECIPE, "crop": True}, {**RECIPE, "background": None, "crop": True}):
        exec(call("commands.js", "python", recipe), {})
        with Image.open("my cat's.cutout.png") as picture:
            assert picture.mode == ("RGB" if recipe["background"] else "RGBA")
            assert (picture.width < 100) == recipe["crop"]


def test_curl_names_fields_that_the_server_has(call: Call) -> None:
    recipe = {"photo": "a.png", "model": "m", "prompt": "@home", "trimap": "t.png", "picture": "b.png", "crop": True}
    words = shlex.split(call("commands.js", "curl", recipe, "http://localhost:7411"))
    fields = dict(words[i + 1].split("=", 1) for i, word in enumerate(words) if word in ("-F", "--form-string"))
    assert set(fields) <= {*PICTURES, *OPTIONS}
    assert fields["image"] == "@a.png" and fields["crop"] == "true" and fields["trimap"] == "@t.png"
    assert words[words.index("prompt=@home") - 1] == "--form-string", "or curl would read a file"
    assert words[-3:] == ["http://localhost:7411/api/cut", "-o", "a.cutout.png"]


def test_commands_do_not_crop_silently(call: Call) -> None:
    assert "does not crop" in call("commands.js", "command", {**RECIPE, "crop": True})
