"""One call: a photo in, a cut-out in a file. `python examples/one_call.py [PHOTO]`

The file is NAME.cutout.png in the folder where you stand; the second one shows the subject over a colour.
"""

import sys
from pathlib import Path

import mattelier

photo = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "astronaut.png"

cutout = mattelier.cut(photo)
print(cutout.save(f"{photo.stem}.cutout.png"))
print(cutout.save(f"{photo.stem}.green.png", background="#00a040"))
