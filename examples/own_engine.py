"""Your own engine: anything with `run(inputs) -> outputs` can stand where ONNX Runtime stands.

This one looks at the photo twice, as it is and in a mirror, and takes the mean of both answers: a little steadier, and
twice the work. An engine for another runtime or another machine has the same one method.
`python examples/own_engine.py [PHOTO]`
"""

import sys
from pathlib import Path

import numpy as np

from mattelier import Cutout, list_models, weights
from mattelier.image import Array
from mattelier.image.io import decode
from mattelier.image.refine import upsample_alpha
from mattelier.runtime.engine import Engine, open_engine
from mattelier.runtime.prepare import network_copy, network_input, restore


class Mirrored:
    """The mean of an engine's answers to a picture and to its mirror image."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def run(self, inputs: dict[str, Array]) -> dict[str, Array]:
        seen = self.engine.run(inputs)
        mirrored = self.engine.run({name: np.ascontiguousarray(value[..., ::-1]) for name, value in inputs.items()})
        return {name: (value + mirrored[name][..., ::-1]) / 2 for name, value in seen.items()}


def cut(engine: Engine, photo: Path) -> Cutout:
    """`mattelier.cut` with an engine of one's own."""
    picture = decode(photo)
    small = network_copy(card.contract, picture)
    coarse = restore(card.contract, engine.run(network_input(card.contract, small)), small.shape[:2])
    alpha = upsample_alpha(coarse, picture.pixels)
    return Cutout(alpha=alpha, pixels=picture.pixels, profile=picture.profile, model=card.name, source=photo)


photo = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "coffee.png"
card = weights.resolve("modnet-lite", list_models())
engine = Mirrored(open_engine(card, weights.read(card.weights)))
print(cut(engine, photo).save(f"{photo.stem}.mirrored.png"))
