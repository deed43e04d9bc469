"""The pieces by hand: every arrow of a cut with modnet-lite, to change one. `python examples/by_hand.py [PHOTO]`"""

import sys
from pathlib import Path

import numpy as np

from mattelier import list_models, weights
from mattelier.image.colour import to_depth
from mattelier.image.foreground import decontaminate
from mattelier.image.io import decode, encode, write
from mattelier.image.refine import upsample_alpha
from mattelier.runtime.engine import open_engine
from mattelier.runtime.prepare import network_copy, network_input, restore

photo = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "chelsea.png"

card = weights.resolve("modnet-lite", list_models())  # the facts about one set of weights
engine = open_engine(card, weights.read(card.weights))  # its bytes are checked against the card

picture = decode(photo)  # (H, W, 3) in the photo's own type and colour space
small = network_copy(card.contract, picture)  # (h, w, 3) uint8 sRGB, what the network sees
outputs = engine.run(network_input(card.contract, small))  # {"alpha": (1, 1, h, w) float32}
coarse = restore(card.contract, outputs, small.shape[:2])  # (h, w) float32 [0, 1]
alpha = upsample_alpha(coarse, picture.pixels)  # (H, W), its edges drawn along the photo's
colours = decontaminate(picture.pixels, alpha)  # changed only where 0 < alpha < 1

data = encode(colours, to_depth(alpha, colours.dtype), "png", profile=picture.profile)
target = Path(f"{photo.stem}.by-hand.png")
write(target, data, overwrite=True)

kept = float(np.mean(alpha == 1)), float(np.mean((alpha > 0) & (alpha < 1)))
print(f"{target}: {kept[0]:.0%} of the picture kept as it was, {kept[1]:.1%} edge")
