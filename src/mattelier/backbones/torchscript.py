"""TorchScript archives, read for their tensors alone: nothing that a file holds is run.

Such an archive is a zip: a pickle of the module's attributes (`data.pkl`), one file a storage (`data/N`), and code,
which is left alone. The pickle names classes of that code; here they become plain records.
"""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from os import PathLike
from typing import Any

import torch
from torch import Tensor

from mattelier.errors import WeightsError

DTYPES = {
    "HalfStorage": torch.float16,
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "BoolStorage": torch.bool,
}


class Record:
    """What a module's attributes are read into."""

    def __setstate__(self, attributes: Any) -> None:
        self.attributes = attributes


def is_archive(file: str | PathLike[str]) -> bool:
    """Whether a file is a TorchScript archive and no state dict, which is a zip as well but holds no code."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any("/code/" in name for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def read_archive(file: str | PathLike[str]) -> dict[str, Tensor]:
    """The tensors of a scripted or traced module by their dotted names.

    Raises WeightsError for a damaged file, and for one that names anything but tensors and modules.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            folder = next(name for name in archive.namelist() if name.endswith("/data.pkl")).removesuffix("data.pkl")
            with archive.open(f"{folder}data.pkl") as stream:
                root = Reader(stream, lambda key: archive.read(f"{folder}data/{key}")).load()
            return dict(tensors_of(root))
    except WeightsError:
        raise
    except Exception as error:  # of pickle, zip and torch, each with types of its own
        raise WeightsError(
            f"{file} cannot be read as a TorchScript archive ({error}); give the file as it was published"
        ) from error


class Reader(pickle.Unpickler):
    """An unpickler that knows tensors, plain containers and records, and refuses every other name."""

    def __init__(self, stream: Any, storage: Callable[[str], bytes]) -> None:
        super().__init__(stream)
        self.storage = storage
        self.read: dict[str, Tensor] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("__torch__"):
            return Record
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        known = {
            ("torch._utils", "_rebuild_tensor_v2"): rebuilt,
            ("collections", "OrderedDict"): OrderedDict,
            ("torch.jit._pickle", "restore_type_tag"): lambda value, _type: value,
            **{("torch.jit._pickle", f"build_{kind}list"): list for kind in ("int", "double", "bool", "tensor")},
        }
        if (module, name) not in known:
            raise WeightsError(
                f"the archive names {module}.{name}; expected tensors and modules alone; do not trust this file"
            )
        return known[module, name]

    def persistent_load(self, identity: Any) -> Tensor:
        _kind, dtype, key, _device, count = identity
        if key not in self.read:
            data = self.storage(key)
            self.read[key] = torch.frombuffer(bytearray(data), dtype=dtype, count=count) if count else torch.empty(0)
        return self.read[key]


def rebuilt(
    storage: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_of_training: object
) -> Tensor:
    return storage.as_strided(tuple(size), tuple(stride), offset)


def tensors_of(record: Record, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    for name, value in record.attributes.items():
        if isinstance(value, Tensor):
            yield prefix + name, value
        elif isinstance(value, Record):
            yield from tensors_of(value, f"{prefix}{name}.")
