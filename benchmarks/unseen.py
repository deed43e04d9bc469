"""Cut-outs that no network here was ever shown, for scenes with words: of the photos of split val or test.

    python benchmarks/unseen.py DATA test DIR        then: matte data refer DIR DATA/backgrounds --split test -o SCENES

Each pictured thing becomes an RGBA file with its matte and estimated colours, beside the stamps, cut out by hand, of
DATA/foregrounds that belong to the split. Its other cut-outs are of training photos, whose names clipmat-lite read.
Photos whose subject the border cuts off are left out, persons after the 14th, and what was seen to show something other
than its class or several things (LEFT_OUT). A class is what somebody was looking for; two photos have another name.
"""

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mattelier.data.cutouts import object_of
from mattelier.data.datasets import load_grey, load_rgb, rows
from mattelier.data.refer import split_of, to_uint8
from mattelier.image import Array, Float
from mattelier.image.foreground import estimate
from mattelier.image.io import encode, write

LEFT_OUT = frozenset(
    (
        *("inet_217_english-springer", "u2_object_long", "inet_004_hammerhead", "inet_264_cardigan"),
        *("inet_701_parachute", "inet_683_oboe", "inet_661_model-t", "inet_634_lumbermill"),
        *("inet_710_pencil-sharpener", "inet_650_microphone", "inet_913_wreck", "inet_756_rain-barrel"),
        *("inet_813_spatula", "inet_502_clog", "inet_680_nipple", "inet_384_indri"),
    )
)
SEEN_TO_BE = {"inet_681_notebook": "laptop", "u2_object_whisk": "meerkat"}
CUT_OFF, PERSONS = 0.12, 14  # at most: the share of the border that is subject, and how many
FAINT, MARGIN_PX = 8, 4  # alpha of 255 up to which nothing is there
COLUMNS = ("name", "source", "licence", "description", "category", "object", "split")


def stamps(data: Path, split: str) -> Iterator[tuple[bytes, dict[str, str]]]:
    for row in rows(data / "foregrounds"):
        file = data / "foregrounds" / row["name"]
        thing = object_of(file.stem)
        if row["name"].startswith("stamp_") and split_of(thing) == split:
            yield file.read_bytes(), row | {"object": thing, "split": split}


def photos(data: Path, split: str) -> Iterator[tuple[bytes, dict[str, str]]]:
    persons = 0
    for row in rows(data / "photos"):
        if row["split"] != split or row["name"] in LEFT_OUT:
            continue
        file = data / "photos" / row["name"]
        alpha = load_grey(file.with_suffix(".png"))
        border = np.concatenate((alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1])).mean() / 255
        if border > CUT_OFF:
            continue
        is_person = row["category"] == "people"
        persons += is_person
        if is_person and persons > PERSONS:
            continue
        said = "person" if is_person else SEEN_TO_BE.get(row["name"], row["subject"])
        named = {"name": f"photo_{row['name']}.png", "description": said, "object": object_of(row["name"])}
        yield cut_out(load_rgb(file.with_suffix(".jpg")), alpha), row | named


def cut_out(rgb: Array, alpha: Array) -> bytes:
    """A PNG of the subject and a little around it."""
    ys, xs = np.nonzero(alpha > FAINT)
    box = tuple(slice(max(0, at.min() - MARGIN_PX), at.max() + 1 + MARGIN_PX) for at in (ys, xs))
    unit: Float = alpha[box].astype(np.float32) / 255
    return encode(to_uint8(np.clip(estimate(rgb[box], unit), 0, 1)), alpha[box], "png")


def main() -> None:
    data, split, out = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    out.mkdir(parents=True)
    with io.StringIO(newline="") as text:
        table = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        for picture, row in (*stamps(data, split), *photos(data, split)):
            write(out / row["name"], picture)
            table.writerow(row)
        write(out / "manifest.csv", text.getvalue().encode())
    print(out)


if __name__ == "__main__":
    main()
