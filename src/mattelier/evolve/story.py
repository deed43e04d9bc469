"""The six systems in the order of the page's story, and what is said of each before it has run."""

from dataclasses import dataclass
from typing import Literal

from mattelier.serve.catalogue import SYSTEMS

Need = Literal["trimap", "words"]


@dataclass(frozen=True)
class Chapter:
    """system: as cards name it.  name, year, title: of the paper.  need: what it asks for beside the photo."""

    system: str
    name: str
    year: int
    title: str
    need: Need | None
    idea: str

    @property
    def needs(self) -> str:
        """What it asks for, as a sentence."""
        return f"Needs a photo{AND_NEED[self.need]}."


AND_NEED = {None: " alone", "trimap": " and a trimap", "words": " and words"}
TITLES = dict(SYSTEMS)
STORY = (
    Chapter(
        "dim",
        "DIM",
        2017,
        TITLES["dim"],
        "trimap",
        "The first network for alpha that was trained as one: an encoder, a decoder, and a small second stage that "
        "sharpens what they found.",
    ),
    Chapter(
        "fba",
        "FBA",
        2020,
        TITLES["fba"],
        "trimap",
        "Alpha and the colours on both sides of it from one network, so that nothing of the old background is left in "
        "the hair.",
    ),
    Chapter(
        "gfm",
        "GFM",
        2020,
        TITLES["gfm"],
        None,
        "No trimap any more: one decoder glances at where the subject is, another focuses on its edge, and both are "
        "joined.",
    ),
    Chapter(
        "modnet",
        "MODNet",
        2020,
        TITLES["modnet"],
        None,
        "Small and quick: one branch for where the subject is, one for its fine detail, one that fuses them.",
    ),
    Chapter(
        "matteformer",
        "MatteFormer",
        2022,
        TITLES["matteformer"],
        "trimap",
        "A transformer: every window also looks at three tokens that sum up what is background, unclear and subject "
        "in the whole photo.",
    ),
    Chapter(
        "clipmat",
        "CLIPMat",
        2023,
        TITLES["clipmat"],
        "words",
        "Words say which subject is meant; the network finds what they point at, then the detail of its edge.",
    ),
)
