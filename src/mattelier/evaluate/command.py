"""Any other program as a system: an adapter says how to call it; rembg's is ready."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mattelier.errors import DeviceError, InputError, WeightsError
from mattelier.evaluate.memory import MIB
from mattelier.evaluate.sets import Hint, file_digest
from mattelier.evaluate.system import Answer, Request, Solve, System
from mattelier.image.colour import to_depth
from mattelier.image.io import decode, decode_mask

_SAID_CHARS = 500  # of what a failing command wrote


@dataclass(frozen=True)
class Adapter:
    """How to call a command for one picture; keys of its JSON file.

    command: the arguments, with {image}, {trimap}, {prompt} and {output} (a PNG file to be written) where they belong.
    output: "rgba", a cut-out whose colours count as the system's own, or "alpha", a grey picture.
    """

    name: str
    command: tuple[str, ...]
    output: Literal["rgba", "alpha"] = "rgba"
    weights: str = ""  # the file that does the work; its digest is recorded. $VARIABLES are filled in, here and above
    environment: dict[str, str] = field(default_factory=dict)  # added to the own one
    version: tuple[str, ...] = ()  # a command that prints it
    timeout_s: float = 600.0
    source: str = ""

    @property
    def hint(self) -> Hint:
        """What the command wants to be told: what it has a place for."""
        words = " ".join(self.command)
        return "trimap" if "{trimap}" in words else "prompt" if "{prompt}" in words else "none"


def read_adapter(file: Path) -> Adapter:
    """Raises InputError when the file is no adapter."""
    try:
        facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        facts |= {key: tuple(facts[key]) for key in ("command", "version") if key in facts}
        adapter = Adapter(**facts)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{file} cannot be read as an adapter ({error}); expected JSON with the keys "
            f"{', '.join(Adapter.__dataclass_fields__)}; see docs/evaluate.md"
        ) from error
    words = " ".join(adapter.command)
    if "{image}" not in words or "{output}" not in words or adapter.output not in ("rgba", "alpha"):
        raise InputError(
            f"{file} has the command {list(adapter.command)} and the output {adapter.output!r}; expected {{image}} and "
            "{output} in the command, and rgba or alpha; correct the adapter"
        )
    return adapter


def rembg(model: str) -> System:
    """`rembg i -m MODEL`, with the weights that it has.

    Raises WeightsError when it has none: it would load them from the net while it is measured.
    """
    homes = _rembg_homes()
    places = [home / name for home in homes for name in (f"{model}.onnx", f"models/{model}/{model}.onnx")]
    weights = next((path for path in places if path.is_file()), None)
    if weights is None:
        raise WeightsError(
            f"rembg's {model}.onnx is not in {' or '.join(map(str, homes))}; expected it there, for rembg would "
            "download it while it is measured; put it there, or set U2NET_HOME to the folder that has it"
        )
    command = ("rembg", "i", "-m", model, "{image}", "{output}")
    return external(Adapter(f"rembg:{model}", command, weights=str(weights), version=("rembg", "--version")))


def _rembg_homes() -> list[Path]:
    """Where rembg looks for its networks, by its own variables."""
    named = os.environ.get("U2NET_HOME")
    home = Path.home()
    return [Path(named)] if named else [Path(os.environ.get("REMBG_HOME", home / ".rembg")), home / ".u2net"]


def external(adapter: Adapter) -> System:
    """The system of an adapter.  Raises InputError without its program, WeightsError without its weights."""
    if not hasattr(os, "wait4"):
        raise DeviceError(
            f"{adapter.name} is a command, and {sys.platform} does not tell what a command used; expected Linux or "
            "macOS; measure it there"
        )
    program = os.path.expandvars(adapter.command[0])
    if shutil.which(program) is None:
        raise InputError(f"the program {program} of {adapter.name} was not found; expected it on the PATH; install it")
    digest = file_digest(Path(os.path.expandvars(adapter.weights))) if adapter.weights else ""
    if digest == "missing":
        raise WeightsError(
            f"{adapter.weights} of {adapter.name} cannot be read; put the file there or correct the path"
        )
    said = version_of(adapter) if adapter.version else adapter.source
    return System(adapter.name, digest, adapter.hint, "whole process", partial(open_command, adapter), said)


def version_of(adapter: Adapter) -> str:
    """What the version command prints, on one line.  Raises InputError when it fails."""
    done = subprocess.run(_filled(adapter.version, {}), capture_output=True, text=True, env=_environment(adapter))
    if done.returncode:
        raise InputError(
            f"{' '.join(adapter.version)} ended with {done.returncode}: {done.stderr.strip()[-_SAID_CHARS:]}; expected "
            "the version; correct the adapter"
        )
    return " ".join(done.stdout.split())


def open_command(adapter: Adapter) -> Solve:
    """The command as a solver: a fresh process a picture."""
    return partial(call, adapter)


def call(adapter: Adapter, request: Request) -> Answer:
    """One picture.  Raises InputError when the command fails, takes too long or writes no such picture."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output.png"
        places = {"image": request.image, "trimap": request.trimap or "", "prompt": request.prompt, "output": output}
        seconds, usage = run(_filled(adapter.command, places), _environment(adapter), adapter.timeout_s)
        if not output.is_file():
            raise InputError(f"{adapter.name} wrote nothing; expected a picture at {{output}}; correct the adapter")
        if adapter.output == "alpha":
            alpha, colours = decode_mask(output), None
        else:
            picture = decode(output)
            if picture.alpha is None:
                raise InputError(f"{adapter.name} wrote a picture without transparency; expected a cut-out")
            alpha, colours = to_depth(picture.alpha, np.uint8), picture.pixels
    scale = 1 if sys.platform == "darwin" else 1024
    return Answer(alpha, colours, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * scale / MIB)


def run(command: Sequence[str], environment: Mapping[str, str], timeout_s: float) -> tuple[float, Any]:
    """Seconds and the operating system's account of a command and the children it waited for (resource.struct_rusage).

    Raises InputError when it ends with an error, or is ended after timeout_s.
    """
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment)
        timer = threading.Timer(timeout_s, process.kill)
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        if process.returncode:
            said.seek(0)
            raise _failure(command, process.returncode, said.read(), seconds >= timeout_s)
    return seconds, usage


def _failure(command: Sequence[str], code: int, said: bytes, is_late: bool) -> InputError:
    if is_late:
        return InputError(f"{command[0]} was ended: it took longer than its adapter allows; raise timeout_s")
    words = said.decode(errors="replace").strip()[-_SAID_CHARS:]
    return InputError(f"{command[0]} ended with {code} and said: {words or 'nothing'}; expected 0; run it by hand")


def _filled(command: Sequence[str], places: Mapping[str, object]) -> list[str]:
    """Variables first, then places: a path with a dollar sign stays what it is."""
    filled = [os.path.expandvars(word) for word in command]
    for name, value in places.items():
        filled = [word.replace(f"{{{name}}}", str(value)) for word in filled]
    return filled


def _environment(adapter: Adapter) -> dict[str, str]:
    return {**os.environ, **{name: os.path.expandvars(value) for name, value in adapter.environment.items()}}
