"""RefMatte and RefMatte-RW100 in their published layout (Li, Zhang, Tao, CVPR 2023; CC BY-NC).

    ROOT/train/img/*.jpg   ROOT/train/mask/*.png   ROOT/refmatte_train_label.json     (or the JSON inside train/)
    ROOT/image_all/*.jpg   ROOT/mask/*.png         ROOT/refmatte_rw100_label.json     ROOT/eval_index_expression.json

A label file is {mask name: {"image_name": ..., "expressions": [...]}}. For RW100 the index file says which expression
of every entity of an image is scored: {image name: index}; results without it are not comparable. The layout is as
third parties who use the set describe it; no real file was at hand.
"""

import json
from pathlib import Path
from typing import Any

from mattelier.data.readers.example import Example, Split
from mattelier.data.references import Reference, as_examples
from mattelier.errors import InputError

MARKS = ("train/img", "train/mask")
RW100_MARKS = ("image_all", "mask")
IMAGE_SUFFIXES = (".jpg", ".png", ".jpeg")


def read_refmatte(root: Path, split: str = "train", setting: str = "expression") -> tuple[Reference, ...]:
    """The entities of a split ("train", "test"), every text that means them.

    setting names the kind of all texts: "keyword" or "expression", as the label file of that setting was given.
    Raises InputError when the label file, an image or a mask is missing.
    """
    labels = labels_of(root, f"refmatte_{split}_label.json", root / split)
    return tuple(entity(root / split, name, label, ("img", "image"), setting) for name, label in labels.items())


def read_rw100(root: Path) -> tuple[Reference, ...]:
    """The real-world test set: every entity with the one expression that is scored."""
    labels = labels_of(root, "refmatte_rw100_label.json", root)
    index = labels_of(root, "eval_index_expression.json", root)
    return tuple(scored(root, name, label, index) for name, label in labels.items())


def read(root: Path, split: Split) -> tuple[Example, ...]:
    """The entities of a split as examples with a prompt, one a text."""
    return as_examples(read_refmatte(root, split))


def read_scored(root: Path, split: Split) -> tuple[Example, ...]:
    """RW100 as examples with a prompt, one an entity. Raises InputError for the training split: there is none."""
    if split == "train":
        raise InputError(f"{root} is RefMatte-RW100, which is for testing only; ask for the split test")
    return as_examples(read_rw100(root))


def scored(root: Path, name: str, label: dict[str, Any], index: dict[str, Any]) -> Reference:
    image = label["image_name"]
    chosen = index.get(image, index.get(Path(image).stem))
    if chosen is None or not 0 <= int(chosen) < len(label["expressions"]):
        raise InputError(
            f"eval_index_expression.json gives {chosen!r} for {image}; expected one of the "
            f"{len(label['expressions'])} expressions of {name}; use the index file that came with these labels"
        )
    one = {"image_name": image, "expressions": [label["expressions"][int(chosen)]]}
    return entity(root, name, one, ("image", "image_all", "img"), "expression")


def entity(root: Path, name: str, label: dict[str, Any], folders: tuple[str, ...], kind: str) -> Reference:
    image = found(root, folders, (label["image_name"], name), IMAGE_SUFFIXES)
    alpha = found(root, ("mask",), (name,), (".png", ".jpg"))
    texts = tuple(label["expressions"])
    return Reference(
        Path(name).stem if Path(name).suffix in IMAGE_SUFFIXES else name, image, alpha, texts, (kind,) * len(texts)
    )


def found(root: Path, folders: tuple[str, ...], names: tuple[str, ...], suffixes: tuple[str, ...]) -> Path:
    """The first file there is: a name as it stands or with one of the suffixes."""
    for folder in folders:
        for name in names:
            for path in (root / folder / f"{name}{suffix}" for suffix in ("", *suffixes)):
                if path.is_file():
                    return path
    raise InputError(f"{root} has no {folders[0]}/{names[0]}{suffixes[0]}, which its labels name; unpack the whole set")


def labels_of(root: Path, name: str, inside: Path) -> dict[str, Any]:
    for path in (root / name, inside / name):
        if path.is_file():
            labels: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return labels
    raise InputError(f"{root / name} was not found; expected the label file of RefMatte beside its folders")
