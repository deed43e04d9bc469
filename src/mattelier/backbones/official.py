"""Released checkpoints: read without running what a pickle might hold."""

from os import PathLike
from typing import Any

import torch
from torch import Tensor

from mattelier.errors import WeightsError


def read_state(file: str | PathLike[str], expected: str) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name.

    expected: the file that should be given instead, for the sentence.
    Raises WeightsError for a file that is no checkpoint, or holds more than a bare state dict.
    """
    try:
        state: Any = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many types here: pickle, zip, runtime and OS errors
        raise WeightsError(f"{file} cannot be read as a checkpoint ({error}); give {expected}") from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{file} holds no bare state dict of tensors; give {expected}")
    return state
