"""Takes the background out of pictures.

    cutout = mattelier.cut("cat.jpg")
    cutout.save("cat.png")

Names are imported when first used: `import mattelier` loads neither numpy nor a network.
"""

from typing import TYPE_CHECKING

from mattelier.errors import (
    DeviceError,
    InputError,
    MattelierError,
    MissingExtra,
    NoSubject,
    UnknownModel,
    WeightsError,
)

if TYPE_CHECKING:
    from mattelier.image.io import Limits
    from mattelier.models import list_models
    from mattelier.models.cards import Card
    from mattelier.runtime.cutout import Cutout
    from mattelier.runtime.pipeline import Matter, cut, load

    __version__: str

__all__ = [
    "Card",
    "Cutout",
    "DeviceError",
    "InputError",
    "Limits",
    "MattelierError",
    "Matter",
    "MissingExtra",
    "NoSubject",
    "UnknownModel",
    "WeightsError",
    "cut",
    "list_models",
    "load",
]

_HOMES = {
    "Card": "mattelier.models.cards",
    "Cutout": "mattelier.runtime.cutout",
    "Limits": "mattelier.image.io",
    "Matter": "mattelier.runtime.pipeline",
    "cut": "mattelier.runtime.pipeline",
    "list_models": "mattelier.models",
    "load": "mattelier.runtime.pipeline",
}

if not TYPE_CHECKING:  # a checker reads the imports above, so that a misspelt name stays an error to it

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name == "__version__":
            from importlib.metadata import version

            return version("mattelier")
        if name not in _HOMES:
            raise AttributeError(f"module 'mattelier' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
