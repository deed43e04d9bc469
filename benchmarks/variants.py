"""Whether a network is worth running in another form: static int8, and OpenVINO in float32 and bfloat16.

    python benchmarks/variants.py --data DIR [--data DIR ...] --calibrate DIR [--calibrate DIR ...] [--only CARD ...]

Every card is measured on the first DIR that has pictures for it (any set of docs/evaluate.md with true alpha; trimap
systems need trimaps, those that read need words), and calibrated on the first of its own; the two should share nothing.
Seconds are those of the network alone, on the inputs of those pictures, the forms taking turns; errors are those of the
finished cut, refined by nothing: in the unknown region where a trimap is given, else of the whole picture. A form is
worth shipping where it loses less than 2 % and gains 1.4 times. Figures go to benchmarks/results/variants.json, after
every card. Needs `pip install openvino` for two of the forms; without it they are left out.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np

from mattelier import list_models, weights
from mattelier.data.readers.example import Example
from mattelier.errors import InputError, MattelierError, NoSubject
from mattelier.evaluate import metrics
from mattelier.evaluate.environment import environment, versions
from mattelier.evaluate.own import hint_of
from mattelier.evaluate.sets import read_set
from mattelier.evaluate.statistics import estimate
from mattelier.image import Array
from mattelier.image.io import decode_mask, write
from mattelier.models.cards import Card
from mattelier.runtime.engine import open_engine
from mattelier.runtime.pipeline import Matter

FILE = Path(__file__).resolve().parent / "results" / "variants.json"
ROUNDS, THREADS = 7, 2
USUAL = "ONNX Runtime, float32"  # the form that ships
LOSS, GAIN = 0.02, 1.4  # what a form may lose, and must gain
Inputs = dict[str, Array]
Run = Callable[[Inputs], dict[str, Array]]


class Form:
    """A network in some form, in the place of an engine; `fed` are the inputs of its runs."""

    is_whole = True

    def __init__(self, run: Run) -> None:
        self.answer = run
        self.fed: list[Inputs] = []

    def run(self, inputs: Inputs) -> dict[str, Array]:
        self.fed.append(inputs)
        return self.answer(inputs)

    heads = run


@contextmanager
def matter(card: Card, form: Form) -> Iterator[Matter]:
    """The card's matter, refined by nothing, with the network in this form."""
    with patch("mattelier.runtime.pipeline.open_engine", lambda *_given: form):
        yield Matter(card, refiner=None)


def quantised(onnx: bytes, card: Card, inputs: Sequence[Inputs], folder: Path) -> Form:
    """Static int8: activations calibrated on the inputs, weights by channel."""
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = iter(inputs)

        def get_next(self) -> Inputs | None:
            return next(self.left, None)

    plain, folded, made = (folder / f"{name}.onnx" for name in ("plain", "folded", "int8"))
    plain.write_bytes(onnx)
    quant_pre_process(str(plain), str(folded), skip_symbolic_shape=True)  # also folds float16 storage away
    quantize_static(str(folded), str(made), Reader(), per_channel=True, weight_type=QuantType.QInt8)
    return Form(open_engine(card, made.read_bytes(), threads=THREADS).run)


def compiled(onnx: bytes, card: Card, precision: str) -> Form:
    """OpenVINO on the processor."""
    import openvino

    core = openvino.Core()
    facts = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY"}
    network = core.compile_model(core.read_model(onnx), "CPU", facts)
    names = card.contract.outputs
    return Form(lambda inputs: {name: np.array(network(inputs)[name]) for name in names})


def forms(onnx: bytes, card: Card, calibrating: Sequence[Inputs], folder: Path) -> dict[str, Form | str]:
    """Every other form by name; a sentence in the place of one that cannot be made."""
    makers: dict[str, Callable[[], Form]] = {
        "ONNX Runtime, static int8": lambda: quantised(onnx, card, calibrating, folder),
    }
    if find_spec("openvino"):
        makers |= {f"OpenVINO, {name}": lambda name=name: compiled(onnx, card, name) for name in ("f32", "bf16")}
    made: dict[str, Form | str] = {}
    for name, maker in makers.items():
        try:
            made[name] = maker()
        except Exception as error:  # a converter's failure is a result, whatever its kind
            made[name] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return made


def pictures_for(card: Card, folders: Sequence[Path], limit: int) -> tuple[Example, ...]:
    for folder in folders:
        if found := read_set(folder).for_systems(hint_of(card)):
            return found[:: max(1, len(found) // limit)][:limit]
    places = ", ".join(map(str, folders))
    raise InputError(f"{places} hold no picture for {card.name}; expected some for systems with hint {hint_of(card)}")


def cut(of: Matter, picture: Example) -> float:
    """The error of one cut."""
    target = decode_mask(picture.alpha)
    hint = decode_mask(picture.trimap) if hint_of(of.card) == "trimap" and picture.trimap else None
    words = picture.prompt if hint_of(of.card) == "prompt" else None
    try:
        found = of.cut(picture.image, trimap=hint, prompt=words).alpha
    except NoSubject:
        found = np.zeros(target.shape, np.float32)
    return metrics.mad(found, target, hint)


def cuts(card: Card, form: Form, pictures: Sequence[Example]) -> list[float]:
    """The error of every cut; `form.fed` is what the network was fed for them."""
    form.fed = []
    with matter(card, form) as of:
        return [cut(of, picture) for picture in pictures]


def seconds(turns: Mapping[str, Form], inputs: Sequence[Inputs]) -> dict[str, list[float]]:
    """Seconds of each round over all inputs; one round is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in turns}
    for place in range(ROUNDS + 1):
        for name, form in turns.items():
            begun = time.perf_counter()
            for each in inputs:
                form.answer(each)
            if place:
                taken[name].append((time.perf_counter() - begun) / len(inputs))
    return taken


def measure(card: Card, data: Sequence[Path], calibrate: Sequence[Path], limit: int) -> dict[str, Any]:
    onnx = weights.read(card.weights)
    shown, learned = pictures_for(card, data, limit), pictures_for(card, calibrate, limit)
    usual = Form(open_engine(card, onnx, threads=THREADS).run)
    cuts(card, usual, learned)
    calibrating = usual.fed
    errors = {USUAL: cuts(card, usual, shown)}
    inputs = usual.fed[: len(shown)]
    with tempfile.TemporaryDirectory() as folder:
        made = forms(onnx, card, calibrating, Path(folder))
    others = {name: form for name, form in made.items() if isinstance(form, Form)}
    errors |= {name: cuts(card, form, shown) for name, form in others.items()}
    taken = seconds({USUAL: usual} | others, inputs)
    rows = [row(name, errors[name], errors[USUAL], taken[name], taken[USUAL]) for name in errors]
    failed = {name: form for name, form in made.items() if isinstance(form, str)}
    return {
        "card": weights.pin(card),
        "pictures": len(shown),
        "calibrated_on": len(calibrating),
        "forms": rows,
        "failed": failed,
    }


def row(
    name: str, errors: list[float], usual: list[float], taken: list[float], usual_taken: list[float]
) -> dict[str, Any]:
    gain = median(one / other for one, other in zip(usual_taken, taken, strict=True))
    loss = float(np.mean(errors) / np.mean(usual)) - 1
    return {
        "form": name,
        "seconds": median(taken),
        "gain": gain,
        "error": float(np.mean(errors)),
        "difference": estimate([one - other for one, other in zip(errors, usual, strict=True)]),
        "loss": loss,
        "is_worth_it": gain >= GAIN and loss < LOSS,
    }


def main() -> None:
    options = argparse.ArgumentParser(description="Measure the networks in other forms; write results/variants.json.")
    options.add_argument("--data", type=Path, action="append", required=True, help="a set to measure on")
    options.add_argument("--calibrate", type=Path, action="append", required=True, help="a set to calibrate int8 on")
    options.add_argument("--only", action="append", default=[], help="a card; may be given several times")
    options.add_argument("--limit", type=int, default=16, help="pictures of a set")
    chosen = options.parse_args()
    cards = [weights.resolve(name, list_models()) for name in chosen.only] or list_models()
    here = environment()
    here["versions"] |= versions(("openvino",))
    known = json.loads(FILE.read_text(encoding="utf-8"))["cards"] if FILE.is_file() else []
    for card in cards:
        found = measure(card, chosen.data, chosen.calibrate, chosen.limit)
        known = [each for each in known if each["card"].split("@")[0] != card.name] + [found]
        facts = {"environment": here, "cards": known}
        write(FILE, f"{json.dumps(facts, indent=1)}\n".encode(), overwrite=True)
        for each in found["forms"]:
            print(
                f"{found['card']}  {each['form']:<26} {each['seconds']:.3f} s  x{each['gain']:.2f}  {each['loss']:+.1%}"
            )
        for name, words in found["failed"].items():
            print(f"{found['card']}  {name}: {words}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except MattelierError as error:
        raise SystemExit(f"variants.py: {error}") from None
