"""A benchmark made here, and systems that need no network of anybody's."""

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.data.readers.example import Example
from mattelier.evaluate.command import Adapter, external
from mattelier.evaluate.system import System
from mattelier.models.cards import Card


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """Three pictures, 40 x 48: a bright disc with a soft edge on dark ground; the last one is not automatic."""
    root = tmp_path / "bench"
    for folder in ("images", "alpha", "trimap", "foreground"):
        (root / folder).mkdir(parents=True)
    y, x = np.mgrid[:40, :48]
    for index, name in enumerate(("one", "two", "three")):
        soft = np.clip((10 + index - np.hypot(y - 20, x - 24)) / 4 + 0.5, 0, 1)
        alpha = np.rint(soft * 255).astype(np.uint8)
        trimap = np.where(alpha == 255, 255, np.where(alpha == 0, 0, 128)).astype(np.uint8)
        colour = np.full((40, 48, 3), (250, 230, 210 - index), np.uint8)
        image = np.rint(colour * soft[..., None] + 20 * (1 - soft[..., None])).astype(np.uint8)
        for folder, pixels in (("images", image), ("alpha", alpha), ("trimap", trimap), ("foreground", colour)):
            Image.fromarray(pixels).save(root / folder / f"{name}.png")
    (root / "manifest.csv").write_text("name,category,auto\none,even,yes\ntwo,odd,yes\nthree,odd,no\n")
    return root


COPIES = {
    # what each does with the true alpha that lies beside the picture
    "exact": "alpha",
    "half": "alpha // 2",
    "blank": "alpha * 0",
}


@pytest.fixture
def copying(tmp_path: Path) -> Callable[..., System]:
    """Systems that read the answer from alpha/ beside images/, as commands: exact, half, blank."""

    def make(name: str, hint: str = "") -> System:
        script = tmp_path / f"{name}.py"
        script.write_text(
            "import sys\nfrom pathlib import Path\nimport numpy as np\nfrom PIL import Image\n"
            "image = Path(sys.argv[1])\n"
            "alpha = np.asarray(Image.open(image.parents[1] / 'alpha' / image.name))\n"
            f"Image.fromarray(({COPIES[name]}).astype(np.uint8)).save(sys.argv[2])\n"
        )
        words = (sys.executable, "-S", str(script), "{image}", "{output}", *([hint] if hint else []))
        return external(Adapter(name, (words[0], *words[2:]), "alpha", source="a test"))

    return make


@pytest.fixture
def picture(bench: Path) -> Example:
    """The first picture of the benchmark."""
    parts = (bench / folder / "one.png" for folder in ("images", "alpha", "trimap", "foreground"))
    image, alpha, trimap, foreground = parts
    return Example("one", image, alpha, trimap, foreground, "even")


@pytest.fixture
def foreign(bright: tuple[Card, Path], tmp_path: Path) -> Path:
    """A JSON card of the one-number network, as if it were somebody else's file."""
    facts = {
        "name": "foreign",
        "file": str(bright[1]),
        "sha256": hashlib.sha256(bright[1].read_bytes()).hexdigest(),
        "height": 64,
        "width": 64,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
    }
    card = tmp_path / "foreign.json"
    card.write_text(json.dumps(facts))
    return card
