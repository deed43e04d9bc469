"""Released checkpoints: read without running what a pickle might hold."""

import pickle
from os import PathLike
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mattelier.errors import WeightsError

# a best score beside the tensors may be numpy's; these build numbers and nothing else
NUMBERS: list[Any] = [
    np.dtype,
    np.dtypes.Float32DType,
    np.dtypes.Float64DType,
    *((np.float64(0.0).__reduce__()[0], f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
]


def read_state(file: str | PathLike[str], expected: str, inside: str = "") -> dict[str, Tensor]:
    """The tensors of a checkpoint by name.

    expected: the file that should be given instead, for the sentence.  inside: the entry that holds the tensors, where
    a file may have others beside it (epoch, best score); the bare tensors are taken as well.
    Raises WeightsError for a file that is no checkpoint, or holds more than a bare state dict.
    """
    try:
        with torch.serialization.safe_globals(NUMBERS):
            state: Any = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many types here: pickle, zip, runtime and OS errors
        raise WeightsError(f"{file} cannot be read as a checkpoint ({reason(error)}); give {expected}") from error
    if inside and isinstance(state, dict):
        state = state.get(inside, state)
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{file} holds no bare state dict of tensors; give {expected}")
    return state


def reason(error: Exception) -> str:
    """One line. torch's own words about a pickle with more in it than tensors advise to run it."""
    if isinstance(error, pickle.UnpicklingError) or "weights_only" in str(error):
        return "it is damaged, or holds more than tensors, and nothing else is loaded"
    return str(error).partition("\n")[0]
