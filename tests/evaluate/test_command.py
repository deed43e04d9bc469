"""Other people's programs: called as their adapters say, accounted by the operating system."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.errors import InputError, WeightsError
from mattelier.evaluate.command import Adapter, call, external, read_adapter, rembg
from mattelier.evaluate.system import Request
from mattelier.evaluate.worker import Worker


def adapter(code: str, output: str = "rgba", **more) -> Adapter:
    return Adapter("tool", (sys.executable, "-c", code, "{image}", "{output}"), output, **more)


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    Image.fromarray(np.full((4, 6, 3), 80, np.uint8)).save(tmp_path / "photo.png")
    return Request(tmp_path / "photo.png")


CUT = "import sys; from PIL import Image; im = Image.open(sys.argv[1]); im.putalpha(51); im.save(sys.argv[2])"


def test_a_cut_out_gives_alpha_and_colours(request_: Request) -> None:
    answer = call(adapter(CUT), request_)
    assert answer.alpha.shape == (4, 6) and set(answer.alpha.flat) == {51}
    assert answer.colours is not None and answer.colours.shape == (4, 6, 3) and set(answer.colours.flat) == {80}
    assert answer.cpu_seconds > 0 and answer.seconds > 0 and answer.peak_mib is not None


def test_a_mask_gives_alpha_alone(request_: Request) -> None:
    code = "import sys; from PIL import Image; Image.open(sys.argv[1]).convert('L').save(sys.argv[2])"
    answer = call(adapter(code, "alpha"), request_)
    assert set(answer.alpha.flat) == {80} and answer.colours is None


def test_memory_and_cpu_time_are_the_childs(request_: Request) -> None:
    held = np.ones(400 << 20, np.uint8)  # of this process: a command started from here would begin with it
    busy = "import sys; b = b'x' * (200 << 20); sum(range(5_000_000)); " + CUT
    with Worker(external(adapter(CUT))) as light, Worker(external(adapter(busy))) as heavy:
        plain, much = light.answer(request_), heavy.answer(request_)
    assert plain.peak_mib is not None and much.peak_mib is not None and held[-1] == 1
    assert 150 < much.peak_mib - plain.peak_mib < 250 and much.peak_mib < 400
    assert much.cpu_seconds > plain.cpu_seconds


def test_hints_are_what_the_command_has_places_for() -> None:
    def hint(*words: str) -> str:
        return Adapter("tool", words).hint

    assert hint("x", "{image}", "{output}") == "none"
    assert hint("x", "{image}", "--trimap={trimap}", "{output}") == "trimap"
    assert hint("x", "{image}", "{prompt}", "{output}") == "prompt"


def test_places_variables_and_words_reach_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import os, sys; from PIL import Image; out = sys.argv.pop(); "
        "Image.new('L', (len(sys.argv[1]), int(os.environ['TALL']))).save(out)"
    )
    monkeypatch.setenv("PROGRAM", sys.executable)
    monkeypatch.setenv("THREE", "3")
    command = ("$PROGRAM", "-c", code, "{prompt}", "{image}", "{trimap}", "{output}")
    answer = call(
        Adapter("tool", command, "alpha", environment={"TALL": "$THREE"}),
        Request(tmp_path / "a $THREE.png", tmp_path / "t.png", "a dog"),
    )
    assert answer.alpha.shape == (3, 5)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; sys.exit('it is broken')", "ended with 1 and said: it is broken"),
        ("pass", "wrote nothing"),
        ("import sys; from PIL import Image; Image.open(sys.argv[1]).save(sys.argv[2])", "without transparency"),
        ("import sys; open(sys.argv[2], 'w').write('no picture')", "is a text"),
    ],
)
def test_a_command_that_fails_is_a_sentence(code: str, words: str, request_: Request) -> None:
    with pytest.raises(InputError, match=words):
        call(adapter(code), request_)


def test_a_command_that_hangs_is_ended(request_: Request) -> None:
    with pytest.raises(InputError, match="longer than its adapter allows"):
        call(adapter("import time; time.sleep(60)", timeout_s=0.3), request_)


def test_an_adapter_file(tmp_path: Path) -> None:
    weights = tmp_path / "net.bin"
    weights.write_bytes(b"weights")
    facts = {"name": "tool", "command": [sys.executable, "{image}", "{output}"], "weights": str(weights)}
    file = tmp_path / "tool.json"
    file.write_text(json.dumps(facts | {"version": [sys.executable, "-c", "print('tool', '1.2')"]}))
    system = external(read_adapter(file))
    assert (system.name, system.version, system.scope, system.hint) == ("tool", "tool 1.2", "whole process", "none")
    assert system.sha256.startswith("9a12")  # printf weights | sha256sum
    weights.unlink()
    with pytest.raises(WeightsError, match=r"net\.bin of tool cannot be read"):
        external(read_adapter(file))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"command": ["x", "{image}"]}, "expected {image} and {output}"),
        ({"output": "jpeg"}, "rgba or alpha"),
        ({"colour": "red"}, "cannot be read as an adapter"),
    ],
)
def test_a_wrong_adapter_is_refused(change: dict, words: str, tmp_path: Path) -> None:
    file = tmp_path / "tool.json"
    file.write_text(json.dumps({"name": "tool", "command": ["x", "{image}", "{output}"]} | change))
    with pytest.raises(InputError, match=words):
        read_adapter(file)


def test_a_program_or_version_that_is_not_there() -> None:
    with pytest.raises(InputError, match=r"no-such-program of tool was not found"):
        external(Adapter("tool", ("no-such-program", "{image}", "{output}")))
    broken = (sys.executable, "-c", "import sys; sys.exit('no version')")
    with pytest.raises(InputError, match="no version"):
        external(Adapter("tool", (sys.executable, "{image}", "{output}"), version=broken))


def test_rembg_is_not_let_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("U2NET_HOME", str(tmp_path))
    with pytest.raises(WeightsError, match=r"u2net\.onnx is not in .*rembg would download"):
        rembg("u2net")


def test_rembg_is_called_by_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "rembg"
    program.write_text(f"#!{sys.executable}\nimport sys\nprint('rembg, version 2')\n")
    program.chmod(0o755)
    (tmp_path / "models" / "silueta").mkdir(parents=True)
    (tmp_path / "models" / "silueta" / "silueta.onnx").write_bytes(b"weights")
    monkeypatch.setenv("U2NET_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    system = rembg("silueta")
    assert (system.name, system.version, system.hint) == ("rembg:silueta", "rembg, version 2", "none")
    assert system.open.args[0].command == ("rembg", "i", "-m", "silueta", "{image}", "{output}")
