"""What the loop has to know of each network: how it is run on a batch, and its losses by name.

A batch holds what train/feed.py says. A new system is one entry here: its recipe stands in train/recipes.py already.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mattelier.errors import UnknownModel
from mattelier.image.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from mattelier.image.trimap_encoding import distance_maps, two_channels
from mattelier.models.clipmat import CLIPMatBase, for_each
from mattelier.models.matteformer import settle
from mattelier.models.tokenizer import TEMPLATE, TEMPLATES, phrase
from mattelier.train import clipmat_losses, dim_losses, fba_losses, gfm_losses, losses, matteformer_losses
from mattelier.train.stages import Recipe

Batch = dict[str, Any]  # tensors by name; text (list of str) and step (int)
Outputs = dict[str, Tensor]
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class System:
    """run: the network's heads, always with "alpha" (B, 1, H, W). losses: named parts and their "total", scalars."""

    run: Callable[[nn.Module, Batch], Outputs]
    losses: Mapping[str, Callable[[Outputs, Batch], Outputs]]


def system_of(recipe: Recipe) -> System:
    """The entry of a recipe's system. Raises UnknownModel where network or loss are not in this version."""
    if recipe.system not in SYSTEMS:
        raise UnknownModel(
            f"{recipe.name} has a recipe and no network to train in this version; "
            f"expected one of {', '.join(SYSTEMS)}; choose one of these, or update"
        )
    system = SYSTEMS[recipe.system]
    for name in (recipe.loss, *(stage.loss for stage in recipe.stages if stage.loss)):
        if name not in system.losses:
            raise UnknownModel(
                f"the recipe {recipe.name} asks for the loss {name}; expected one of {', '.join(system.losses)}; "
                "choose another recipe, or update"
            )
    return system


def run_modnet(net: nn.Module, batch: Batch) -> Outputs:
    outputs: Outputs = net(batch["image"])
    return outputs


def modnet(predicted: Outputs, batch: Batch) -> Outputs:
    return losses.total_modnet(predicted, batch["image"], batch["alpha"], batch["trimap"], batch["weight"])


def modnet_lite(predicted: Outputs, batch: Batch) -> Outputs:
    return losses.total_modnet_lite(predicted, batch["image"], batch["alpha"], batch["trimap"], batch["weight"])


def run_dim(net: nn.Module, batch: Batch) -> Outputs:
    trimap = batch["trimap"]
    hint = torch.where(trimap == 0.5, UNKNOWN / 255, trimap)  # 128 of 255, as at run time
    outputs: Outputs = net(torch.cat((imagenet_normalised(unit(batch["image"])), hint), 1))
    return outputs


def dim(predicted: Outputs, batch: Batch) -> Outputs:
    return dim_losses.total_dim(predicted, **colours_of(batch))


def dim_refine(predicted: Outputs, batch: Batch) -> Outputs:
    return dim_losses.total_dim_refine(predicted, batch["alpha"], batch["trimap"])


def dim_both(predicted: Outputs, batch: Batch) -> Outputs:
    return dim_losses.total_dim_both(predicted, **colours_of(batch))


def run_fba(net: nn.Module, batch: Batch) -> Outputs:
    image = unit(batch["image"])
    two_chan, maps = fba_hints(batch["trimap"])
    outputs: Outputs = net(image, two_chan, imagenet_normalised(image), maps)
    return outputs


def fba(predicted: Outputs, batch: Batch) -> Outputs:
    return fba_losses.total_fba(predicted, **colours_of(batch))


def fba_lite(predicted: Outputs, batch: Batch) -> Outputs:
    return fba_losses.total_fba_lite(predicted, **colours_of(batch))


def run_gfm(net: nn.Module, batch: Batch) -> Outputs:
    outputs: Outputs = net(255.0 * unit(batch["image"]))
    return outputs


def gfm(predicted: Outputs, batch: Batch) -> Outputs:
    given = {name: batch[name] for name in ("image", "alpha", "trimap", "weight")}
    # a photo's own colours are not known: unless all are, the loss lays the picture over black instead
    names = ("foreground", "background") if bool(batch["known"].all()) else ()
    return gfm_losses.total_gfm(predicted, **given, **{name: batch[name] for name in names})


def gfm_lite(predicted: Outputs, batch: Batch) -> Outputs:
    return gfm_losses.total_gfm_lite(predicted, batch["image"], batch["alpha"], batch["trimap"], batch["weight"])


def run_matteformer(net: nn.Module, batch: Batch) -> Outputs:
    if not net.training:  # validated, and saved, are averaged weights
        settle(net)
    outputs: Outputs = net(imagenet_normalised(unit(batch["image"])), one_hot(batch["trimap"]))
    return outputs


def matteformer(predicted: Outputs, batch: Batch) -> Outputs:
    given, schedule = colours_of(batch), matteformer_losses.PUBLISHED
    return matteformer_losses.total_matteformer(predicted, **given, step=batch["step"], schedule=schedule)


def matteformer_lite(predicted: Outputs, batch: Batch) -> Outputs:
    given, schedule = colours_of(batch), matteformer_losses.LITE
    return matteformer_losses.total_matteformer(predicted, **given, step=batch["step"], schedule=schedule)


def run_clipmat(net: nn.Module, batch: Batch) -> Outputs:
    if not isinstance(net, CLIPMatBase):
        raise TypeError(f"found {type(net).__name__}; run_clipmat runs a CLIPMat")
    texts = [phrase(text, template_of(batch, i)) for i, text in enumerate(batch["text"])]
    tokens, mask = (part.to(batch["image"].device) for part in net.prompts(texts))
    outputs: Outputs = net(unit(batch["image"]), tokens, mask)
    return outputs


def template_of(batch: Batch, i: int) -> str:
    """The words around a keyword: drawn anew for every picture of a training step, one and the same without a step."""
    # from step, picture and words: a resumed run draws what an unbroken one would have drawn
    step = batch.get("step")
    return TEMPLATE if step is None else random.Random(f"{step} {i} {batch['text'][i]}").choice(TEMPLATES)


def clipmat(predicted: Outputs, batch: Batch) -> Outputs:
    return clipmat_losses.total_clipmat(predicted, **told(batch))


def clipmat_lite(predicted: Outputs, batch: Batch) -> Outputs:
    return clipmat_losses.total_clipmat_lite(predicted, **told(batch))


def told(batch: Batch) -> dict[str, Tensor]:
    """What a loss over texts asks for, the picture once for each of its texts."""
    names = ("image", "alpha", "trimap", "weight")
    return {name: for_each(batch[name], len(batch["alpha"])) for name in names}


def colours_of(batch: Batch) -> dict[str, Tensor]:
    """What a loss over colours asks for, the image in [0, 1]."""
    names = ("alpha", "foreground", "background", "trimap", "known")
    return {"image": unit(batch["image"])} | {name: batch[name] for name in names}


def fba_hints(trimap: Tensor) -> tuple[Tensor, Tensor]:
    """Two channels of certainty and six of distance, (B, 2, H, W) and (B, 6, H, W), of 0, 0.5 and 1."""
    values = np.select([trimap[:, 0].cpu().numpy() == v for v in (0.0, 1.0)], [BACKGROUND, FOREGROUND], UNKNOWN)
    channels = [two_channels(value.astype(np.uint8)) for value in values]
    two_chan = torch.from_numpy(np.stack([channel.transpose(2, 0, 1) for channel in channels]))
    maps = torch.from_numpy(np.stack([distance_maps(channel) for channel in channels]))
    return two_chan.to(trimap.device), maps.to(trimap.device)


def one_hot(trimap: Tensor) -> Tensor:
    """(B, 1, H, W) of 0, 0.5 and 1 -> (B, 3, H, W): background, unknown, foreground."""
    return torch.cat([(trimap == value).to(trimap.dtype) for value in (0.0, 0.5, 1.0)], 1)


def unit(image: Tensor) -> Tensor:
    """-1..1 to 0..1."""
    return (image + 1.0) / 2.0


def imagenet_normalised(image: Tensor) -> Tensor:
    """0..1 to ImageNet's mean and deviation."""
    mean, std = (
        torch.tensor(v, dtype=image.dtype, device=image.device)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_STD)
    )
    return (image - mean) / std


SYSTEMS: dict[str, System] = {
    "modnet": System(run_modnet, {"modnet": modnet, "modnet-lite": modnet_lite}),
    "gfm": System(run_gfm, {"gfm": gfm, "gfm-lite": gfm_lite}),
    "dim": System(run_dim, {"dim": dim, "dim-refine": dim_refine, "dim-both": dim_both}),
    "clipmat": System(run_clipmat, {"clipmat": clipmat, "clipmat-lite": clipmat_lite}),
    "fba": System(run_fba, {"fba": fba, "fba-lite": fba_lite}),
    "matteformer": System(run_matteformer, {"matteformer": matteformer, "matteformer-lite": matteformer_lite}),
}
