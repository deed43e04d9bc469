"""Cards: the facts about every set of weights, readable without torch."""

from dataclasses import dataclass, field
from typing import Literal

from mattelier.models.sources import (
    CUT_OUTS_AND_1200_SCENES,
    CUT_OUTS_AND_SCENES_TWICE,
    DISPUTED_PHOTOS,
    GFM_LITE_START,
    IMAGENET_START,
    LATER_PHOTOS,
    LATER_SHOP_PHOTOS,
    MORE_PHOTOS,
    NAMED_PHOTOS,
    PHOTOS_AND_CUT_OUTS,
    SHOP_PHOTOS,
    TEACHER_AND_GFM_LITE,
    TEACHER_OF_CUT_OUTS,
    TEACHER_TWICE,
    WORDED,
    WORDS_START,
    Source,
)


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
    counts `polish` there; colours are then estimated. 0 leaves alpha and colours as the network gave them.
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


# The first that needs the photo alone is what a cut uses unasked.
CARDS: tuple[Card, ...] = (
    Card(
        name="gfm-lite.mattelier",
        system="gfm",
        config={"lite": True},
        paper="Li et al., Bridging Composite and Real: Towards End-to-end Deep Image Matting, IJCV 2022",
        link="https://arxiv.org/abs/2010.16188",
        weights=Weights(
            file="gfm-lite.mattelier.onnx",
            sha256="0f6ea12d921db4c3cb79337a1f51b2084760d6d655fc7cccbd2f754036fe02f5",
            size_bytes=10_958_472,
            licence="Apache-2.0",
        ),
        contract=Contract(longest_px=384, scale=255.0, outputs=("alpha", "glance"), levels=(0.08, 0.92)),
        data=PHOTOS_AND_CUT_OUTS + MORE_PHOTOS + LATER_PHOTOS + SHOP_PHOTOS + DISPUTED_PHOTOS,
        teacher=TEACHER_TWICE,
        initialisation=IMAGENET_START,
        training=(
            "2,600 steps of 8 pictures at 256 px, 650 at 384 px, 2,200 at 384 px on other photos, 2,200 with goods of "
            "shops, the second 2,200 from the mean after 3,250, 3,600 and 5,450 steps; 4.0 h of two CPU cores shared "
            "with other work; then 1,000 at 256 px and 700 at 384 px with photos in dispute, 1.0 h of one or two"
        ),
        metrics={
            "IoU, test split (101 photos, teacher mattes), two looks": "0.907 (0.868 to 0.940)",
            "MAD, test split, two looks": "0.028 (0.016 to 0.044)",
            "IoU, true alpha (18 pictures), two looks": "0.923 (0.893 to 0.949)",
            "MAD, true alpha, two looks": "0.050 (0.031 to 0.070)",
            "boundary IoU, true alpha, two looks": "0.560 (0.484 to 0.642)",
            "seconds a picture of the true alphas, two slow cores, refined by fba-lite": "0.81",
        },
        limits=(
            "learned from at most 5,300 photos, 490 cut-outs and another network's mattes; sees the photo at 384 px; "
            "thin hair, glass and veils come out soft or missing; of several things it keeps what stands out"
        ),
    ),
    Card(
        name="modnet-lite.mattelier",
        system="modnet",
        config={"lite": True},
        paper="Ke et al., MODNet: Real-Time Trimap-Free Portrait Matting via Objective Decomposition, AAAI 2022",
        link="https://arxiv.org/abs/2011.11961",
        weights=Weights(
            file="modnet-lite.mattelier.onnx",
            sha256="359facfbc2fc845fde8c7d80b83a7d4e7ae105c355d06bb734a5bfe4f8c1bea2",
            size_bytes=7_453_595,
            licence="Apache-2.0",
        ),
        contract=Contract(longest_px=384, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), levels=(0.08, 0.92)),
        data=PHOTOS_AND_CUT_OUTS + MORE_PHOTOS + LATER_PHOTOS + LATER_SHOP_PHOTOS,
        teacher=TEACHER_TWICE,
        initialisation=GFM_LITE_START,
        training=(
            "1,300 steps of 8 pictures at 256 px and 400 at 384 px, then 900 and 200 with goods of shops; 0.7 h of two "
            "CPU cores shared with other work and 1.0 h of one; averaged weights: 20 % of those after 1,700 steps and "
            "80 % of the end"
        ),
        metrics={
            "IoU, test split (101 photos, teacher mattes)": "0.895 (0.858 to 0.926)",
            "MAD, test split": "0.035 (0.021 to 0.055)",
            "IoU, true alpha (18 pictures)": "0.892 (0.829 to 0.940)",
            "MAD, true alpha": "0.072 (0.039 to 0.112)",
            "boundary IoU, true alpha": "0.536 (0.453 to 0.620)",
            "frames of 512 x 288 a second, two cores": "20",
            "seconds a picture of the true alphas, two slow cores": "0.15",
        },
        limits=(
            "learned from at most 4,800 photos, 490 cut-outs and another network's mattes; sees the photo at 384 px; "
            "thin hair, glass and veils come out soft or missing; of several things it keeps what stands out"
        ),
    ),
    Card(
        name="fba-lite.mattelier",
        system="fba",
        config={"lite": True},
        paper="Forte and Pitie, F, B, Alpha Matting, 2020",
        link="https://arxiv.org/abs/2003.07711",
        weights=Weights(
            file="fba-lite.mattelier.onnx",
            sha256="1e2a6eae8560df2ddb11233c2139db1c1dc96663459e90d6dfb6a1eccf5ff72f",
            size_bytes=4_656_469,
            licence="Apache-2.0",
        ),
        contract=Contract(
            longest_px=512,
            multiple_of=8,
            trimap="required",
            inputs=("image", "two_chan_trimap", "image_n", "trimap_transformed"),
            outputs=("alpha", "foreground", "background"),
            reach_px=32,
            polish=1e-5,
        ),
        data=CUT_OUTS_AND_SCENES_TWICE,
        teacher=TEACHER_OF_CUT_OUTS,
        initialisation="random weights",
        training=(
            "2,500 steps of 8 crops at 256 px, 6,000 at 160 px, 1,200 at 256 px, 100 of 4 at 384 px; 3.8 h of two CPU "
            "cores shared with other work; then 900 at 160 px and 600 at 256 px with the rate up again, 1.1 h of "
            "one; then 1,300 at 160 px and 1,550 at 256 px, 1.8 h of one, partly beside other work"
        ),
        metrics={
            "SAD to closed form's, true alpha (21 pictures)": "0.88 (0.78 to 0.99)",
            "MAD in the unknown region, true alpha (22 pictures)": "0.079 (0.060 to 0.099)",
            "SAD to closed form's, frozen proving ground (47 pictures)": "0.91 (0.79 to 1.05)",
            "MAD in the unknown region, frozen proving ground (52 pictures)": "0.072 (0.060 to 0.086)",
            "seconds a picture of the true alphas, two slow cores": "1.26",
        },
        limits=(
            "learned from 2,100 drawn scenes and 488 cut-outs; guesses in wide unknown regions whose colours say "
            "little; glass, lace, smoke and nets come out rough; photos above 512 px are seen in tiles"
        ),
    ),
    Card(
        name="matteformer-lite.mattelier",
        system="matteformer",
        config={"lite": True},
        paper="Park et al., MatteFormer: Transformer-Based Image Matting via Prior-Tokens, CVPR 2022",
        link="https://arxiv.org/abs/2203.15662",
        weights=Weights(
            file="matteformer-lite.mattelier.onnx",
            sha256="5f434e6b6d4f782a56ff98968b61e3f16dc5c71e68d3800d96713704998aa8b3",
            size_bytes=7_667_071,
            licence="Apache-2.0",
        ),
        contract=Contract(
            longest_px=768,
            trimap="required",
            inputs=("image", "trimap"),
            outputs=("alpha", "alpha_os1", "alpha_os4", "alpha_os8"),
            polish=1e-5,
        ),
        data=CUT_OUTS_AND_1200_SCENES,
        teacher=TEACHER_OF_CUT_OUTS,
        initialisation="random weights",
        training=(
            "5,400 steps of 8 crops at 160 px, 1,600 at 256 px; at most 2.0 h of two CPU cores shared with other work"
        ),
        metrics={
            "SAD to closed form's, true alpha (21 pictures)": "0.99 (0.89 to 1.11)",
            "MAD in the unknown region, true alpha (22 pictures)": "0.093 (0.066 to 0.125)",
            "SAD to closed form's, frozen proving ground (47 pictures)": "0.85 (0.74 to 0.97)",
            "MAD in the unknown region, frozen proving ground (52 pictures)": "0.076 (0.060 to 0.093)",
            "seconds a picture of the true alphas, two slow cores": "1.21",
        },
        limits=(
            "learned from 1,200 drawn scenes and 488 cut-outs; guesses in wide unknown regions whose colours say "
            "little; photos above 768 px are seen in tiles"
        ),
    ),
    Card(
        name="dim-lite.mattelier",
        system="dim",
        config={"lite": True},
        paper="Xu, Price, Cohen and Huang, Deep Image Matting, CVPR 2017",
        link="https://arxiv.org/abs/1703.03872",
        weights=Weights(
            file="dim-lite.mattelier.onnx",
            sha256="e93999a461570d3dd0f671eb76ff029948ac7553b4a2b0d0172eaa9746e5a162",
            size_bytes=2_681_920,
            licence="Apache-2.0",
        ),
        contract=Contract(
            longest_px=768,
            trimap="required",
            inputs=("x",),
            outputs=("alpha", "coarse"),
            polish=3e-6,
        ),
        data=CUT_OUTS_AND_1200_SCENES,
        teacher=TEACHER_OF_CUT_OUTS,
        initialisation="random weights",
        training=(
            "8,000 steps of 8 crops at 160 px, 1,600 at 256 px, the refinement alone for 600, both for 600, the "
            "refinement for 700 more, both for 1,200 more; at most 2.0 h of two CPU cores, other work and pauses "
            "included"
        ),
        metrics={
            "SAD to closed form's, true alpha (21 pictures)": "0.91 (0.83 to 1.01)",
            "MAD in the unknown region, true alpha (22 pictures)": "0.080 (0.063 to 0.099)",
            "SAD to closed form's, frozen proving ground (47 pictures)": "1.00 (0.87 to 1.14)",
            "MAD in the unknown region, frozen proving ground (52 pictures)": "0.082 (0.067 to 0.099)",
            "seconds a picture of the true alphas, two slow cores": "0.84",
        },
        limits=(
            "learned from 1,200 drawn scenes and 488 cut-outs; guesses in wide unknown regions whose colours say "
            "little; photos above 768 px are seen in tiles"
        ),
    ),
    Card(
        name="clipmat-lite.mattelier",
        system="clipmat",
        config={"lite": True},
        paper="Li, Zhang and Tao, Referring Image Matting, CVPR 2023",
        link="https://arxiv.org/abs/2206.05149",
        weights=Weights(
            file="clipmat-lite.mattelier.onnx",
            sha256="7458684c6092d4b7675e7a0c90a5ae445a06a22c6ce26ef6652b1410c19358f8",
            size_bytes=14_007_972,
            licence="Apache-2.0",
        ),
        contract=Contract(
            longest_px=512,
            multiple_of=512,
            inputs=("image", "tokens", "mask"),
            outputs=("alpha", "trimap", "pointing"),
        ),
        data=WORDED + NAMED_PHOTOS,
        teacher=TEACHER_AND_GFM_LITE,
        initialisation=WORDS_START,
        training=(
            "2,200 steps of 8 pictures at 256 px, whose decoders and text layers were kept; from there 1,600 at 256 "
            "px, 700 of 4 at 384 px, and on scenes of 2,336 cut-outs instead of 387 another 1,000 and 1,500 of these, "
            "and with pairs of photos 1,000, 800, 900 and 500 more, and 1,200 and 700 with birds, flowers and others "
            "named exactly, on scenes of 2,067 things, three texts a picture; by its logs 4.4 h of two CPU cores, "
            "partly shared with other work, and 1.5 h of one; then the background's score was lowered by 1.5, chosen "
            "on val"
        ),
        metrics={
            "right choice by keyword, unseen things (846 texts of 401 scenes)": "85 % (83 to 88 %)",
            "right choice by expression, unseen things (1,060 texts of 441 scenes)": "83 % (81 to 86 %)",
            "absent words refused, unseen things (474 texts)": "72 % (68 to 76 %)",
            "present words refused, unseen things (2,024 texts)": "6 % (5 to 7 %)",
            "IoU, unseen things (2,498 texts)": "0.740 (0.725 to 0.754)",
            "MAD, unseen things (2,498 texts)": "0.020",
            "seconds a text of the test scenes, two slow cores, unrefined": "0.35",
        },
        limits=(
            "knows best what ImageNet and 5,100 photos name, refuses one in 17 words for what is there and answers "
            "over a quarter of those for what is not, mostly with a sentence that it is not sure; takes one animal for "
            "another; reads English alone; of several things of one name places and looks choose by rule; beside "
            "something large it often keeps more than was asked for; sees the photo as a square of 512 px"
        ),
    ),
)
