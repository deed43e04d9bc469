"""A released checkpoint into the user's folder: tensors as they were, a network for both engines, and a card.

    FBA.pth ─ from_official ─> network ─┬─> fba-r50.official-0123abcd.safetensors    every number as it was, no pickle
                                        ├─ export ─> fba-r50.official-4567cdef.onnx  what both engines load
                                        └─> fba-r50.official.card.json               licence, digests; written last

Both engines load the ONNX file, as they do for the weights in the package: one file, one digest, equal answers. The
names of the files carry their digests, so that no import writes over another's; until a card names them they are not
there. Nothing downloads.
"""

import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from mattelier import models, weights
from mattelier.errors import InputError, UnknownModel, WeightsError
from mattelier.image.output import write
from mattelier.models.cards import Card, Weights
from mattelier.models.imported import NAME, Imported, Origin, files_of, to_json
from mattelier.models.official import OFFICIAL, Official
from mattelier.runtime.manifest import digest

if TYPE_CHECKING:
    from torch import nn

    from mattelier.runtime.export import Difference

Options = Mapping[str, object]


@dataclass(frozen=True)
class Receipt:
    """What an import did.

    between_engines: torch against ONNX Runtime, with the same weights.  of_rounding: the largest change of any output
    by storing kernels in float16, on one drawn picture.
    """

    card: Card
    between_engines: "Difference"
    of_rounding: float


def import_official(
    name: str, file: Path, options: Options, *, commercial: bool = False, overwrite: bool = False
) -> Receipt:
    """Put a released checkpoint into the user's folder as a card with its files, whole or not at all.

    name: a system ("gfm": the rest is read from the file), or a card's name ("gfm-r34-ft.official").
    options: of the system's from_official, what the file cannot tell.
    commercial: refuse weights whose terms do not allow commercial use, or are not known.
    Raises UnknownModel, InputError, MissingExtra, and WeightsError when the file is not what the name says.
    """
    system, official = system_of(name)
    check_terms(system, official, commercial)
    options = {**named_options(name, system), **options}
    check_options(system, options)
    net = models.from_official(system, file, **options)
    variant, config = official.variant(net, dict(options))
    card_name = settled_name(name, f"{system}-{variant}")
    check_free(card_name, overwrite)
    with weights.staging(existing(weights.user_folder())) as staged:
        facts = Facts(card_name, system, config, file.name, digest(file))
        return store(net, facts, official, staged, overwrite)


def existing(folder: Path) -> Path:
    """The folder, made where it is not there.  Raises InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the folder {folder} cannot be made ({error.strerror}); expected a place for imported weights; "
            "set MATTELIER_HOME to another"
        ) from error
    return folder


@dataclass(frozen=True)
class Facts:
    """What is known before the files are written; sha256 is the checkpoint's."""

    name: str
    system: str
    config: dict[str, object]
    file: str
    sha256: str


def store(net: "nn.Module", facts: Facts, official: Official, staging: Path, overwrite: bool) -> Receipt:
    """Write tensors and network beside the user's folder, then move them in, then write the card."""
    from mattelier.runtime.export import data_file, export, rounding, save_tensors

    metadata = {
        "name": facts.name,
        "system": facts.system,
        "paper": official.paper,
        "link": official.link,
        "licence": official.licence,
        "origin": f"{facts.file}, sha256 {facts.sha256}",
    }
    tensors, network = staging / "safetensors", staging / "onnx"
    save_tensors(net, tensors, metadata)
    of_rounding = rounding(net, facts.system)
    difference = export(net, network, metadata, system=facts.system)
    if data_file(network).exists():
        raise WeightsError(
            f"{facts.name} is beyond 2 GB, in two files; the engines here open one; export it in Python for another"
        )
    files = {path: weight_file(facts.name, path, official.licence) for path in (tensors, network)}
    card = card_of(facts, official, files[network], difference, of_rounding)
    move_in(Imported(card, Origin(facts.file, facts.sha256, files[tensors])), files, overwrite)
    return Receipt(card, difference, of_rounding)


def weight_file(name: str, path: Path, licence: str) -> Weights:
    """A staged file under the name it will have."""
    sha256 = digest(path)
    file = f"{name}-{sha256[: weights.DIGEST_CHARS]}.{path.name}"
    return Weights(file, sha256, path.stat().st_size, licence)


def card_of(facts: Facts, official: Official, network: Weights, found: "Difference", of_rounding: float) -> Card:
    answered = found.largest.keys() | found.flipped.keys()
    outputs = tuple(name for name in official.contract.outputs if name in answered)  # GFM's rim has other heads
    return Card(
        name=facts.name,
        system=facts.system,
        config=facts.config,
        paper=official.paper,
        link=official.link,
        weights=network,
        contract=replace(official.contract, outputs=outputs),
        training=f"{official.training}; imported from {facts.file}, sha256 {facts.sha256}",
        metrics={"kernels in float16 against float32, one drawn picture": f"largest change {of_rounding:.1g}"},
    )


def move_in(imported: Imported, files: Mapping[Path, Weights], overwrite: bool) -> None:
    """Files to the user's folder, the card last; an older card's files go when nothing names them any more."""
    folder, name = weights.user_folder(), imported.card.name
    before, after = set(files_of(name)), {file.file for file in files.values()}
    try:
        for path, file in files.items():
            os.replace(path, folder / file.file)
        write(weights.card_file(name), to_json(imported).encode(), overwrite)
    except BaseException:
        for file_name in after - before:
            (folder / file_name).unlink(missing_ok=True)
        raise
    for file_name in before - after:
        (folder / file_name).unlink(missing_ok=True)


def system_of(name: str) -> tuple[str, Official]:
    """The system that a name begins with.  Raises UnknownModel, and InputError for a name that no card can have."""
    system = name.partition(".")[0].partition("-")[0]
    if system not in OFFICIAL:
        raise UnknownModel(
            f"no released checkpoints are known for {system!r}; expected one of {', '.join(OFFICIAL)}, or a name like "
            "fba-r50.official; choose one of these"
        )
    if name != system and not NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be a card's name; expected {system}, or architecture-variant.training in small letters "
            f"and digits, as in {system}-...official; correct it"
        )
    return system, OFFICIAL[system]


def check_terms(system: str, official: Official, commercial: bool) -> None:
    if commercial and official.commercial != "yes":
        raise WeightsError(
            f"the released weights of {system} are {official.licence}; --commercial asks for weights that may be used "
            "commercially; leave it out if your use is not, or choose another system"
        )


def named_options(name: str, system: str) -> dict[str, object]:
    """What a card's name tells that a file cannot: gfm-r34-ft.official is ft, not bt."""
    parts = name.partition(".")[0].split("-")
    return {"backbone": parts[1], "representation": parts[2]} if system == "gfm" and len(parts) == 3 else {}


def check_options(system: str, options: Options) -> None:
    parameters = inspect.signature(import_module(f"mattelier.models.{system}").from_official).parameters
    known = [name for name in parameters if name != "file"]
    for name in options.keys() - set(known):
        spelt = ", ".join(f"--{option.replace('_', '-')}" for option in known) or "none at all"
        raise InputError(f"{system} has no option --{name.replace('_', '-')}; expected {spelt}; leave it out")


def settled_name(asked: str, found: str) -> str:
    """The card's name.  Raises WeightsError when the name asks for another variant than the file is."""
    stem, _, training = asked.partition(".")
    if "-" in stem and stem != found:
        raise WeightsError(
            f"the file is {found}; the name {asked} asks for {stem}; "
            f"import it as {found}.{training}, or give the other file"
        )
    return f"{found}.{training or 'official'}"


def check_free(name: str, overwrite: bool) -> None:
    """Raises InputError for the name of a card of the package, or of one imported before."""
    taken = weights.card_file(name)
    if taken.exists() and not overwrite:
        raise InputError(
            f"{taken} exists already; expected a free name; pass --overwrite, or choose another word after the dot"
        )
    if not taken.exists() and name in {card.name for card in models.list_models()}:
        raise InputError(f"{name} comes with the package; expected a free name; choose another word after the dot")
