"""Where a new run begins: weights that were learned elsewhere, put into a random network."""

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from mattelier import models, weights
from mattelier.backbones.efficientnet import class_head, from_imagenet, imagenet_weights
from mattelier.errors import InputError
from mattelier.runtime.engine import network
from mattelier.train.stages import Start

PRETRAINED = ("encoder.", "classes.")  # names of parameters that a start may fill


def start_encoder(net: nn.Module, start: Start) -> None:
    """Fill the encoder: from ImageNet, or with that of the card `start`, which has learned where subjects are."""
    if start == "efficientnet-lite0":
        start_from_imagenet(net)
    elif start != "random":
        net.get_submodule("encoder").load_state_dict(of_card(start).get_submodule("encoder").state_dict())


def of_card(name: str) -> nn.Module:
    """The network of a card, with its weights.  Raises UnknownModel and WeightsError."""
    card = weights.resolve(name, models.list_models())
    return network(card, weights.read(card.weights))


def start_from_imagenet(net: nn.Module) -> None:
    """The encoder's weights, and those of the classifier where a network asks what its classes are called."""
    published = imagenet_weights()
    net.get_submodule("encoder").load_state_dict(from_imagenet(published).state_dict())
    if hasattr(net, "classes"):
        net.get_submodule("classes").load_state_dict(class_head(published).state_dict())


@torch.no_grad()
def start_from_words(nets: Sequence[nn.Module], file: Path) -> None:
    """The table of word pieces from a file of scripts/distil_words.py; pieces that it knows nothing of are left.

    Raises InputError when it is another vocabulary's.
    """
    table = load_file(file)["table"].float()
    for net in nets:
        own = net.get_submodule("text.embedding").get_parameter("weight")
        if table.shape[1:] != own.shape[1:] or len(table) > len(own):
            raise InputError(
                f"{file} holds {tuple(table.shape)} and the network's table is {tuple(own.shape)}; expected a file of "
                "scripts/distil_words.py from this version; make it again, or move it away"
            )
        known = table.abs().sum(1) > 0
        own[: len(table)][known] = table[known].to(own.device)
