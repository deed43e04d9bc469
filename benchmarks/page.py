"""RESULTS.md, put together from what each script says of the files in results/: `python benchmarks/page.py`."""

from pathlib import Path

import matting
import networks

PAGE = Path(__file__).resolve().parent / "RESULTS.md"
SECTIONS = (matting.section, networks.section)  # a script that measures something else adds its own
HEAD = (
    "# Results\n\n"
    "Written by `benchmarks/page.py` from `benchmarks/results/`; nothing here is typed. The commands that "
    "measure are in [README.md](README.md)."
)


def page() -> str:
    """The whole page; a section without figures is left out."""
    return "\n\n".join([HEAD, *filter(None, (section() for section in SECTIONS))]) + "\n"


def write_page() -> None:
    """Every script ends with this."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write_page()
