"""What is known of the checkpoints that papers' authors released: terms, names, and what their networks are fed.

Torch-free facts; nothing here downloads. The terms are those that the publishers state, in the words of docs/models.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mattelier.models.cards import Contract

if TYPE_CHECKING:
    from torch import nn

Options = dict[str, object]


@dataclass(frozen=True)
class Official:
    """One system's released checkpoints.

    commercial: whether the publisher's terms allow it; "unknown" where none are stated.
    variant: (loaded network, options it was loaded with) -> what follows the system in a card's name, and the options
    with which `build` makes that network.
    """

    file: str
    paper: str
    link: str
    licence: str
    commercial: Literal["yes", "no", "unknown"]
    contract: Contract
    variant: "Callable[[nn.Module, Options], tuple[str, Options]]"
    training: str


def dim_variant(net: "nn.Module", options: Options) -> tuple[str, Options]:
    """vgg16bn is foamliu's network; of the other, what differs from its last release is named."""
    shapes = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    if "conv6.0.weight" not in shapes:
        return "vgg16bn", {"batch_norm": True}
    kernel, refine = shapes["conv6.0.weight"][-1], any(name.startswith("refine.") for name in shapes)
    skip = options.get("skip") is not False
    differs = {"noskip": not skip, "coarse": not refine, "conv6k1": kernel == 1}
    name = "-".join(("vgg16", *(word for word, is_so in differs.items() if is_so)))
    return name, {"skip": skip, "refine": refine, "conv6_kernel": kernel}


def matteformer_variant(net: "nn.Module", options: Options) -> tuple[str, Options]:
    return "swint", {}


def fba_variant(net: "nn.Module", options: Options) -> tuple[str, Options]:
    return "r50", dict(options)


def modnet_variant(net: "nn.Module", options: Options) -> tuple[str, Options]:
    return "mobilenetv2", {}


def gfm_variant(net: "nn.Module", options: Options) -> tuple[str, Options]:
    """Backbone by the tensors that only it has; representation as the network says, which knows ft from bt."""
    names = net.state_dict().keys()
    signs = {
        "d121": "encoder.densenet.features.conv0.weight",
        "r34_2b": "encoder.stage5.1.conv1.weight",
        "r101": "encoder.layer1.0.conv3.weight",
    }
    backbone = next((name for name, sign in signs.items() if sign in names), "r34")
    representation = str(getattr(net, "representation", "rim"))
    return f"{backbone}-{representation}", {"backbone": backbone, "representation": representation}


OFFICIAL: Mapping[str, Official] = {
    "dim": Official(
        file="stage1_skip_sad_52.9.pth and others",
        paper="Xu et al., Deep Image Matting, CVPR 2017",
        link="https://arxiv.org/abs/1703.03872",
        licence="non-commercial (terms of the Adobe data set it learned from)",
        commercial="no",
        contract=Contract(
            longest_px=1600,  # of the released test code
            mean=(0.485, 0.456, 0.406),
            std=(0.229, 0.224, 0.225),
            trimap="required",
            inputs=("x",),
            outputs=("alpha", "coarse"),
        ),
        variant=dim_variant,
        training="by others than the paper's authors, on Adobe's Deep Image Matting training set",
    ),
    "matteformer": Official(
        file="best_model.pth",
        paper="Park et al., MatteFormer: Transformer-Based Image Matting via Prior-Tokens, CVPR 2022",
        link="https://arxiv.org/abs/2203.15662",
        licence="Apache-2.0 (its training pictures, Adobe's, have non-commercial terms)",
        commercial="yes",
        contract=Contract(
            longest_px=1024,  # ours: the whole picture at once
            mean=(0.485, 0.456, 0.406),
            std=(0.229, 0.224, 0.225),
            trimap="required",
            inputs=("image", "trimap"),
            outputs=("alpha", "alpha_os1", "alpha_os4", "alpha_os8"),
        ),
        variant=matteformer_variant,
        training="by its authors, on Adobe's Deep Image Matting training set",
    ),
    "fba": Official(
        file="FBA.pth",
        paper="Forte and Pitie, F, B, Alpha Matting, 2020",
        link="https://arxiv.org/abs/2003.07711",
        licence="non-commercial (terms of the Adobe data set it learned from)",
        commercial="no",
        contract=Contract(
            longest_px=1024,  # ours: the whole picture at once; the paper's own size needs 11 GB
            multiple_of=8,
            trimap="required",
            inputs=("image", "two_chan_trimap", "image_n", "trimap_transformed"),
            outputs=("alpha", "foreground", "background"),
        ),
        variant=fba_variant,
        training="by its authors, on Adobe's Deep Image Matting training set",
    ),
    "gfm": Official(
        file="gfm_*.pth",
        paper="Li et al., Bridging Composite and Real: Towards End-to-end Deep Image Matting, IJCV 2022",
        link="https://arxiv.org/abs/2010.16188",
        licence="MIT (its training pictures, AM-2k, have terms of their own)",
        commercial="yes",
        contract=Contract(
            longest_px=800,  # ours: about the half of an AM-2k photo, which the released test code shows it
            scale=255.0,
            outputs=("alpha", "glance", "focus"),
        ),
        variant=gfm_variant,
        training="by its authors, on AM-2k",
    ),
    "modnet": Official(
        file="modnet_*.ckpt",
        paper="Ke et al., MODNet: Real-Time Trimap-Free Portrait Matting via Objective Decomposition, AAAI 2022",
        link="https://arxiv.org/abs/2011.11961",
        licence="Apache-2.0",
        commercial="yes",
        contract=Contract(
            longest_px=672,  # the released demo's: a photo of 4 x 3 with 512 px on its shorter side
            mean=(0.5, 0.5, 0.5),
            std=(0.5, 0.5, 0.5),
        ),
        variant=modnet_variant,
        training="by its authors, on portraits, which were not released",
    ),
}
