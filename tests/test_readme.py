"""The words: every command and every snippet in README.md and docs/ is run, or checked in a way that is named here.

A command line in a `sh` block belongs to exactly one kind; a line that fits none fails, so nothing is passed over:

    cut, evolve, models ...  run as they stand, in a folder with the files they name, without a network
    curl                     run against `matte serve` with the weights that ship, started for it on a free port
    train, evaluate, ...     would take long or need data: their options must be in the command's own help
    docker                   needs its daemon: what it builds from must be there
    pip install              needs a network: its extras must be in pyproject.toml
    the README's first two   need a network: what they call must be there, and CI runs them word for word
"""

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN = ("matte cut ", "matte evolve ", "matte models list", "matte models show ", "matte models verify", "matte doctor")
SERVED = ("curl ",)
HELP_ONLY = (
    "matte train ",
    "matte evaluate ",
    "matte models export ",
    "matte models import ",
    "matte data refer ",
    "matte serve",
)
DOCKER = ("docker build ", "docker run ")
INSTALL = ("pip install ",)
ADDRESS = "http://127.0.0.1:7411"  # in the pages; the tests' own server has another port


def blocks(page: Path, language: str) -> list[str]:
    return [body for found, body in BLOCK.findall(page.read_text(encoding="utf-8")) if found == language]


def lines(page: Path) -> list[str]:
    joined = (re.sub(r"\\\n\s*", "", block) for block in blocks(page, "sh"))
    return [line for block in joined for line in block.splitlines() if line.strip()]


SET_UP = lines(ROOT / "README.md")[:2]
COMMANDS = [(page.name, line) for page in PAGES for line in lines(page) if line not in SET_UP]
SNIPPETS = [(page.name, body) for page in PAGES for body in blocks(page, "python")]


def starting(*words: str) -> list[str]:
    return sorted({line.strip() for _, line in COMMANDS if line.strip().startswith(words)})


@pytest.fixture
def desk(tmp_path: Path, offline: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages name, and `matte` on the PATH, both without a network."""
    samples = ROOT / "examples"
    shutil.copytree(samples, tmp_path / "examples")
    for name, sample in (("photo.jpg", "astronaut.png"), ("cat.jpg", "chelsea.png"), ("beach.jpg", "coffee.png")):
        Image.open(samples / sample).convert("RGB").save(tmp_path / name, quality=90)
    for name, of in (("painted.png", "photo.jpg"), ("cat_trimap.png", "cat.jpg")):
        with Image.open(tmp_path / of) as photo:
            painted(photo.size).save(tmp_path / name)
    (tmp_path / "photos" / "more").mkdir(parents=True)
    shutil.copy(tmp_path / "photo.jpg", tmp_path / "photos" / "x.jpg")
    shutil.copy(tmp_path / "cat.jpg", tmp_path / "photos" / "more" / "x.jpg")
    command = tmp_path / "bin" / "matte"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m mattelier "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{offline['PATH']}")
    monkeypatch.setenv("PYTHONPATH", offline["PYTHONPATH"])
    return tmp_path


def painted(size: tuple[int, int]) -> Image.Image:
    """A trimap: an oval in the middle, unknown round its edge."""
    trimap = Image.new("L", size)
    for share, value in ((0.1, 128), (0.3, 255)):
        box = [round(side * at) for at in (share, 1 - share) for side in size]
        ImageDraw.Draw(trimap).ellipse(box, fill=value)
    return trimap


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a `matte serve` of our own answers."""
    log = tmp_path_factory.mktemp("server") / "log"
    command = [sys.executable, "-m", "mattelier", "serve", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests" / "offline")}
    with (
        log.open("w") as stderr,
        subprocess.Popen(command, stdout=-1, stderr=stderr, env=environment, text=True) as server,
    ):
        assert server.stdout is not None
        yield server.stdout.readline().strip().rstrip("/")
        server.terminate()


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["bash", "-euo", "pipefail", "-c", line], cwd=folder, capture_output=True)


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_every_command_is_of_one_kind(page: str, line: str) -> None:
    assert line.strip().startswith(RUN + SERVED + HELP_ONLY + DOCKER + INSTALL), (
        f"{page}: {line!r} is of no kind that is checked"
    )


@pytest.mark.parametrize("line", starting(*RUN))
def test_commands_run_as_they_stand(line: str, desk: Path) -> None:
    before = {path: path.read_bytes() for path in desk.rglob("*") if path.is_file()}
    done = shell(line, desk)
    assert done.returncode == 0, done.stderr.decode()
    assert all(path.read_bytes() == data for path, data in before.items())  # no input was touched
    if line.startswith("matte cut "):
        assert {path for path in desk.rglob("*") if path.is_file()} - before.keys()
    else:
        assert done.stdout


@pytest.mark.parametrize("line", starting(*SERVED))
def test_requests_are_answered_as_they_stand(line: str, desk: Path, address: str) -> None:
    done = shell(
        line.replace("curl ", "curl --silent --show-error --fail --noproxy '*' ", 1).replace(ADDRESS, address), desk
    )
    assert done.returncode == 0, done.stderr.decode()
    named = re.findall(r" -o (\S+)", line)
    if named:
        Image.open(io.BytesIO((desk / named[0]).read_bytes())).load()
    else:
        with Image.open(desk / "cat.jpg") as cat:
            answer = json.loads(done.stdout)
            last = answer["layers"][-1] if "layers" in answer else answer
            assert last["width"] == cat.width or last["name"] == "cut-out"  # at the photo's size, or at the network's


@pytest.mark.parametrize("line", starting(*DOCKER))
def test_what_containers_are_built_from_is_there(line: str) -> None:
    copied = re.findall(r"^COPY ((?:(?!--)\S+ )+)\S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert copied and all((ROOT / name).exists() for names in copied for name in names.split())


@pytest.mark.parametrize("line", starting(*HELP_ONLY))
def test_options_of_long_commands_are_in_their_help(line: str, desk: Path) -> None:
    words = shlex.split(line, comments=True)
    (command,) = (known for known in HELP_ONLY if line.startswith(known))
    helped = shell(f"COLUMNS=200 NO_COLOR=1 {command} --help", desk)
    assert helped.returncode == 0, helped.stderr.decode()
    known = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", helped.stdout.decode()))
    assert {word for word in words if word.startswith("-")} <= known


@pytest.mark.parametrize("line", [*starting(*INSTALL), *SET_UP])
def test_installs_name_extras_that_are_there(line: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = {name for group in re.findall(r"(?:\.|mattelier)\[([\w,]+)\]", line) for name in group.split(",")}
    assert named <= set(extras)


def test_the_first_command_makes_a_cut_out_of_a_sample(desk: Path) -> None:
    install, _, cut = SET_UP[0].partition(" && .venv/bin/matte ")
    assert install == "python3 -m venv .venv && .venv/bin/pip install ."
    done = shell(f"matte {cut}", desk)
    assert done.returncode == 0, done.stderr.decode()
    assert (desk / done.stdout.decode().strip()).read_bytes().startswith(b"\x89PNG")


def test_the_second_command_runs_the_checks() -> None:
    assert SET_UP[1].endswith(" && scripts/check")
    assert os.access(ROOT / "scripts" / "check", os.X_OK)


def test_ci_runs_the_first_two_commands_word_for_word() -> None:
    # .ci/run without its last two lines' effect: the same awk, then print instead of run
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (reader,) = re.findall(r"<\((awk .*)\)$", script, re.MULTILINE)
    read = subprocess.run(["bash", "-c", reader], cwd=ROOT, capture_output=True, text=True, check=True)
    assert read.stdout.splitlines() == SET_UP


def test_tables_are_the_ones_that_the_cards_and_measurements_give(offline: dict[str, str]) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "write_figures.py"), "--check"]
    stale = subprocess.run(command, env=offline, capture_output=True, text=True)
    assert stale.returncode == 0, f"out of date; run scripts/write_figures.py: {stale.stdout}{stale.stderr}"


@pytest.mark.parametrize(("page", "snippet"), SNIPPETS)
def test_snippets_run(page: str, snippet: str, desk: Path, request: pytest.FixtureRequest) -> None:
    if ADDRESS in snippet:
        snippet = snippet.replace(ADDRESS, request.getfixturevalue("address"))
    done = subprocess.run([sys.executable, "-W", "error", "-c", snippet], cwd=desk, capture_output=True, text=True)
    assert done.returncode == 0, f"{page}: {done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    missing = [target for target in local if not (page.parent / target).exists()]
    assert not missing
