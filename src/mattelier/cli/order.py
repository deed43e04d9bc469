"""What one call of `matte cut` asks for, and everything about it that can be refused before a picture is read."""

import json
from dataclasses import dataclass
from glob import has_magic
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from mattelier.errors import InputError
from mattelier.runtime.options import Bits, Device, EngineName, Format, Keep, Quality

if TYPE_CHECKING:
    from mattelier.image.io import Limits
    from mattelier.runtime.batch import Job

PIPE = "-"


@dataclass(frozen=True)
class Order:
    """The options of `matte cut`, as typed."""

    images: list[str]
    output: str | None
    model: str | None
    trimap: Path | None
    prompt: str | None
    keep: Keep
    background: str | None
    quality: Quality
    format: Format | None
    bits: Bits | None
    device: Device
    engine: EngineName
    threads: int | None
    overwrite: bool
    as_json: bool
    max_pixels: int | None

    @property
    def is_single(self) -> bool:
        """One picture, named outright: no folder, no pattern."""
        path = Path(self.images[0])
        return len(self.images) == 1 and not path.is_dir() and (path.exists() or not has_magic(self.images[0]))

    @property
    def file(self) -> Path | None:
        """The file that -o names: one with an ending, unless a folder has that name."""
        if self.output is None or self.output == PIPE or self.output.endswith(("/", "\\")):
            return None
        path = Path(self.output)
        return path if path.suffix and not path.is_dir() else None

    @property
    def folder(self) -> Path | None:
        """The folder that -o names."""
        return None if self.output is None or self.output == PIPE or self.file else Path(self.output)

    @property
    def limits(self) -> "Limits":
        """How large a picture may be."""
        from mattelier.image.io import Limits

        return Limits(pixels=self.max_pixels) if self.max_pixels else Limits()

    @property
    def settled_format(self) -> Format:
        """--format, or what -o's ending says, or png.  Raises InputError when the two differ."""
        from mattelier.runtime.cutout import format_of

        if self.file is None:
            return self.format or "png"
        named = format_of(self.file)
        if self.format not in (None, named):
            raise InputError(f"-o {self.file} means {named}, --format says {self.format}; leave one of them away")
        return named


def check(order: Order) -> None:
    """Raises InputError for options that cannot be met together, or not by the model."""
    from mattelier.runtime import background, pipeline
    from mattelier.runtime.cutout import check_output
    from mattelier.runtime.hints import check_hints

    if order.background is not None:
        background.check(order.background)
    check_output(order.settled_format, order.keep, order.background is not None, order.bits)
    check_hints(pipeline.card_of(order.model, order.prompt), order.trimap, order.prompt, order.quality)
    if order.trimap and not order.is_single:
        raise InputError("--trimap is for one picture; several were named; run matte once for each")
    if PIPE in order.images and len(order.images) > 1:
        raise InputError("- is the one picture on stdin; others were named too; run matte once for each")
    if order.output == PIPE and not order.is_single:
        raise InputError("-o - is one picture to stdout; several were named; pass -o with a folder")
    if order.output == PIPE and order.as_json:
        raise InputError("--json and -o - both want stdout; leave one of them away")
    if order.images == [PIPE] and order.output is None:
        raise InputError(
            "the picture on stdin has no name; expected one for its cut-out; pass -o FILE, or -o - (stdout)"
        )
    if order.file and not order.is_single:
        raise InputError(f"-o {order.file} is one file; several pictures were named; pass -o with a folder")


def plan(order: Order) -> "list[Job]":
    """What to read and where to write.  Raises InputError when there is no picture, or an output is its own input."""
    from mattelier.image.output import is_same_file
    from mattelier.runtime import batch

    if order.images == [PIPE] or order.output == PIPE or order.file:
        target = order.file or (order.folder or Path()) / f"stdin.{order.settled_format}"
        source = Path(order.images[0])
        if is_same_file(target, source):
            raise InputError(f"-o {target} is the photo itself; a cut-out never replaces its input; give another name")
        return [batch.Job(source, target)]
    sources, base = batch.find(order.images, order.folder)
    return batch.plan(sources, base, order.folder, f".{order.settled_format}")


def recipe(order: Order, model: str) -> str:
    """All that decides the output beside the photo, as one line: a batch does again what another recipe made."""
    from mattelier.runtime.manifest import digest

    background = order.background
    if background is not None and Path(background).is_file():
        background = digest(Path(background))
    chosen = {
        "version": version("mattelier"),
        "model": model,
        "prompt": order.prompt,
        "engine": order.engine,
        "device": order.device,
        "keep": order.keep,
        "background": background,
        "quality": order.quality,
        "format": order.settled_format,
        "bits": order.bits,
    }
    return json.dumps(chosen, sort_keys=True)
