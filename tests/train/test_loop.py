"""The loop: learns, stops, goes on to the very step, and never writes over a run."""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from mattelier.errors import DeviceError, InputError, WeightsError
from mattelier.models import build
from mattelier.train import checkpoint
from mattelier.train.loop import average, learning_rate, prepare, train
from mattelier.train.recipes import RECIPES, recipe_of
from mattelier.train.stages import Recipe, Stage
from mattelier.train.starts import start_from_words

TINY = Recipe(
    system="modnet",
    lite=True,
    loss="modnet-lite",
    start="efficientnet-lite0",
    stages=(Stage("one", 2, 64, 2, 1e-3, 1e-4), Stage("two", 2, 96, 3, 1e-4, 1e-5)),
    warmup_steps=1,
    validate_px=64,
)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)  # sums in one order, so that runs can be compared to the bit


def weights(run: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = checkpoint.load_checkpoint(run)["net"]
    return state


def test_a_resumed_run_equals_an_unbroken_one(pictures: Path, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train(TINY, pictures, whole)
    train(TINY, pictures, broken, minutes=0.0001)  # a deadline ends it after the step at hand
    stopped = checkpoint.load_checkpoint(broken)["step"]
    assert 0 < stopped < TINY.steps
    train(TINY, pictures, broken, resume=True)
    one, two = weights(whole), weights(broken)
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert checkpoint.load_checkpoint(broken)["step"] == TINY.steps


def test_a_run_holds_what_its_page_says(pictures: Path, tmp_path: Path) -> None:
    figures = train(TINY, pictures, tmp_path / "run")
    assert 0 <= figures["iou"] <= 1 and 0 <= figures["mad"] <= 1
    names = {path.name for path in (tmp_path / "run").iterdir()}
    kept = {checkpoint.CHECKPOINT, checkpoint.AVERAGED, checkpoint.BEST}
    assert names == kept | {checkpoint.LOG, checkpoint.SHEET}
    lines = [json.loads(line) for line in (tmp_path / "run" / checkpoint.LOG).read_text().splitlines()]
    assert lines[-1]["step"] == 4 and lines[-1]["val"] == figures
    with Image.open(tmp_path / "run" / checkpoint.SHEET) as sheet:
        assert sheet.size[0] > 0
    net, facts = checkpoint.load_run(tmp_path / "run")
    assert facts["step"] == "4" and json.loads(facts["val"]) == figures
    assert sum(p.numel() for p in net.parameters()) == sum(p.numel() for p in build("modnet", lite=True).parameters())


@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_ends_a_run_with_everything_saved(
    pictures: Path, tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "mattelier", "train", "modnet", "--lite"]
    options = ["--data", str(pictures), "-o", str(tmp_path / "run")]
    child = subprocess.Popen([*command, *options], start_new_session=True, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not worker_of(child.pid):
        assert child.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(3.0)  # the worker has begun
    os.killpg(child.pid, number)
    _, words = child.communicate(timeout=120)
    assert child.returncode == 0, words
    assert checkpoint.load_checkpoint(tmp_path / "run")["step"] >= 1


def test_a_photo_that_does_not_open_ends_a_run_and_its_workers(pictures: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(pictures, data)
    for photo in (data / "photos").glob("*.jpg"):
        photo.write_bytes(b"no photo")
    command = [sys.executable, "-m", "mattelier", "train", "modnet", "--lite"]
    child = subprocess.run(
        [*command, "--data", str(data), "-o", str(tmp_path / "run")], capture_output=True, text=True, timeout=120
    )
    assert child.returncode == 1
    [sentence] = [line for line in child.stderr.splitlines() if line.strip()]
    assert ".jpg does not open" in sentence


def worker_of(pid: int) -> str:
    """Process numbers of the loader's workers, once there are any: they are children of the server that forks them."""
    return " ".join(children_of(child) for child in children_of(pid).split()).strip()


def children_of(pid: int | str) -> str:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()


def test_an_existing_run_is_not_written_over(pictures: Path, tmp_path: Path) -> None:
    train(TINY, pictures, tmp_path, minutes=0.0001)
    before = (tmp_path / checkpoint.CHECKPOINT).read_bytes()
    with pytest.raises(InputError, match="already holds a run"):
        train(TINY, pictures, tmp_path)
    assert (tmp_path / checkpoint.CHECKPOINT).read_bytes() == before


def test_resume_starts_from_averaged_weights_alone(pictures: Path, tmp_path: Path) -> None:
    train(TINY, pictures, tmp_path)
    (tmp_path / checkpoint.CHECKPOINT).unlink()
    state = prepare(TINY, tmp_path, "cpu", resume=True)
    stored, _ = checkpoint.load_run(tmp_path)
    assert state.step == TINY.steps
    assert all(torch.equal(a, b) for a, b in zip(state.net.parameters(), stored.parameters(), strict=True))


def test_a_run_keeps_the_weights_that_validated_best(tmp_path: Path) -> None:
    nets = [build("modnet", lite=True) for _ in range(3)]
    for step, (net, mad) in enumerate(zip(nets, (0.3, 0.1, 0.2), strict=True)):
        checkpoint.save_averaged(tmp_path, net, TINY, step, {"iou": 0.5, "mad": mad})
        checkpoint.keep_best(tmp_path, "mad")
    best, facts = checkpoint.load_run(tmp_path)
    assert facts["step"] == "1" and json.loads(facts["val"])["mad"] == 0.1
    first = next(nets[1].parameters())
    assert torch.equal(next(best.parameters()), first.half().float())


def test_word_vectors_fill_the_table_of_a_new_run(tmp_path: Path) -> None:
    recipe = recipe_of("clipmat", lite=True)
    state = prepare(replace(recipe, start="random"), tmp_path / "run", "cpu", resume=False)
    before = state.net.get_submodule("text.embedding").get_parameter("weight").detach().clone()
    table = torch.ones(100, before.shape[1], dtype=torch.float16)
    table[7] = 0  # nothing is known of this piece
    save_file({"table": table}, tmp_path / "words.safetensors")
    start_from_words((state.net, state.ema), tmp_path / "words.safetensors")
    for net in (state.net, state.ema):
        after = net.get_submodule("text.embedding").get_parameter("weight")
        assert after[:7].eq(1).all() and after[8:100].eq(1).all()
        assert torch.equal(after[7], before[7]) and torch.equal(after[100:], before[100:])
    save_file({"table": table[:, :8].contiguous()}, tmp_path / "narrow.safetensors")
    with pytest.raises(InputError, match=r"holds \(100, 8\) and the network's table is"):
        start_from_words((state.net, state.ema), tmp_path / "narrow.safetensors")


def test_another_networks_averaged_weights_are_refused(pictures: Path, tmp_path: Path) -> None:
    train(TINY, pictures, tmp_path)
    with pytest.raises(WeightsError, match="another network"):
        checkpoint.load_averaged(tmp_path / checkpoint.AVERAGED, build("modnet"))
    with pytest.raises(WeightsError, match=r"holds no ema\.safetensors"):
        checkpoint.load_run(tmp_path / "elsewhere")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_an_absent_device_is_an_error(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="no CUDA device"):
        train(TINY, pictures, tmp_path, device="cuda")


@pytest.mark.slow
def test_sixty_steps_learn_to_find_the_subject(pictures: Path, tmp_path: Path) -> None:
    recipe = replace(TINY, stages=(Stage("fit", 60, 64, 4, 2e-3, 5e-4),), warmup_steps=5)
    assert train(recipe, pictures, tmp_path)["iou"] > 0.9  # on photos it never saw; untrained about 0.3


def test_the_rate_warms_up_and_follows_a_cosine() -> None:
    stage = Stage("s", 100, 64, 1, lr=1.0, lr_end=0.2)
    assert learning_rate(stage, 0, 10) == pytest.approx(0.1)
    assert learning_rate(stage, 50, 0) == pytest.approx(0.6)
    assert learning_rate(stage, 100, 0) == pytest.approx(0.2)
    assert learning_rate(stage, 25, 0) == pytest.approx(0.2 + 0.4 * (1 + math.sqrt(0.5)))


def test_the_average_moves_by_its_share() -> None:
    ema, net = torch.nn.BatchNorm2d(1), torch.nn.BatchNorm2d(1)
    with torch.no_grad():
        net.weight.fill_(3.0)
        assert net.running_mean is not None
        net.running_mean.fill_(1.0)
    average(ema, net, 0.75)
    assert ema.weight.item() == pytest.approx(1.5)
    assert ema.running_mean is not None and ema.running_mean.item() == pytest.approx(0.25)


def test_recipes_find_the_stage_of_a_step_and_refuse_contradictions() -> None:
    assert TINY.steps == 4
    assert TINY.locate(1) == (TINY.stages[0], 1) and TINY.locate(2) == (TINY.stages[1], 0)
    with pytest.raises(ValueError, match="multiples of 32"):
        Stage("odd", 1, 100, 1, 1e-3, 1e-4)
    with pytest.raises(ValueError, match="above lr"):
        Stage("rising", 1, 64, 1, 1e-4, 1e-3)
    assert recipe_of("modnet", lite=True) is RECIPES["modnet-lite"]
