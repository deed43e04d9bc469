"""SOC on the shipped MODNet and the sample photos: branches agree more, what is frozen stays, a run resumes."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from mattelier.data.loose import find
from mattelier.errors import InputError, UnknownModel
from mattelier.models import build
from mattelier.train import checkpoint, soc
from mattelier.train.loop import train
from mattelier.train.recipes import recipe_of
from mattelier.train.soc import Adaptation, adapt

SMALL = replace(recipe_of("modnet", lite=True), validate_px=96)
FEW = Adaptation(epochs=4)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)  # sums in one order, so that runs can be compared to the bit


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for sample in sorted((Path(__file__).parents[2] / "examples").glob("*.png")):
        shutil.copy(sample, folder)
    return folder


@pytest.fixture(scope="module")
def adapted(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four epochs over three photos."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    adapt(SMALL, photos, run, how=FEW)
    return run


def contradictions(run: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (run / checkpoint.LOG).read_text().splitlines()]
    return [line["contradiction"] for line in lines if "contradiction" in line]


def test_branches_agree_more_and_the_subject_stays(adapted: Path, photos: Path) -> None:
    before, after = contradictions(adapted)
    assert after["semantic"] < 0.8 * before["semantic"]
    assert after["detail"] < 1.05 * before["detail"]
    first, (last, _) = soc.first_weights(SMALL, None), checkpoint.load_run(adapted)
    for path in find(photos, adapted).some(3):
        image = soc.load(path, SMALL.validate_px)
        then, now = (soc.predict(net, image)["alpha"] > 0.5 for net in (first, last))  # type: ignore[arg-type]
        # agreeing on an empty matte would be the cheapest way
        assert (then & now).sum() > 0.8 * (then | now).sum() > 0


def test_statistics_of_norms_and_the_copy_stay_while_everything_else_learns(photos: Path, tmp_path: Path) -> None:
    recipe = FEW.recipe(SMALL, 3)
    state = soc.prepare(recipe, find(photos, tmp_path), tmp_path / "run", "cpu", None, resume=False)
    before = {name: tensor.clone() for name, tensor in state.net.state_dict().items()}
    for path in find(photos, tmp_path).some(2):
        soc.optimise(state, soc.load(path, SMALL.validate_px))
    assert all(torch.equal(tensor, before[name]) for name, tensor in state.frozen.state_dict().items())
    learned = {name for name, _ in state.net.named_parameters()}
    changed = {name for name, tensor in state.net.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed <= learned and len(changed) > 0.95 * len(learned)
    assert any("bnorm.weight" in name for name in changed)  # scale and offset of norms learn, their statistics do not


def test_the_copy_is_renewed_at_the_start_of_an_epoch_alone(adapted: Path) -> None:
    parts = checkpoint.load_checkpoint(adapted)
    first = soc.first_weights(SMALL, None).state_dict()
    kernel = "fusion.conv_f.1.layers.0.weight"
    assert not torch.equal(parts["frozen"][kernel], first[kernel])
    assert not torch.equal(parts["frozen"][kernel], parts["net"][kernel])


def test_a_resumed_run_equals_an_unbroken_one(adapted: Path, photos: Path, tmp_path: Path) -> None:
    run = tmp_path / "broken"
    for sitting in range(5):  # a step each, into the second epoch
        adapt(SMALL, photos, run, how=FEW, minutes=0, resume=sitting > 0)
    stopped = checkpoint.load_checkpoint(run)
    net, facts = checkpoint.load_run(run)  # what was reached can be used without going on
    assert stopped["step"] == 5 == int(facts["step"])
    kernel = "fusion.conv_f.1.layers.0.weight"
    assert torch.equal(net.state_dict()[kernel], stopped["net"][kernel].half().float())
    adapt(SMALL, photos, run, how=FEW, resume=True)
    one, two = (checkpoint.load_checkpoint(each) for each in (adapted, run))
    assert one["step"] == two["step"] == 12
    for part in ("net", "frozen"):
        assert all(torch.equal(one[part][name], two[part][name]) for name in one[part])


def test_a_run_holds_what_its_page_says_and_adapts_again(adapted: Path, photos: Path, tmp_path: Path) -> None:
    names = {path.name for path in adapted.iterdir()}
    assert names == {checkpoint.CHECKPOINT, checkpoint.AVERAGED, checkpoint.LOG, checkpoint.SHEET}
    lines = [json.loads(line) for line in (adapted / checkpoint.LOG).read_text().splitlines()]
    assert {"semantic", "detail", "total", "stage"} <= set(lines[1]) and lines[1]["step"] == 10
    with Image.open(adapted / checkpoint.SHEET) as sheet:
        assert sheet.size == (4 * soc.THUMBNAIL_PX, 3 * soc.THUMBNAIL_PX)
    with pytest.raises(InputError, match=r"at step 12, the end of soc; export it"):
        adapt(SMALL, photos, adapted, how=FEW, resume=True)
    state = soc.prepare(FEW.recipe(SMALL, 3), find(photos, tmp_path), tmp_path / "next", "cpu", str(adapted), False)
    stored, _ = checkpoint.load_run(adapted)
    assert all(torch.equal(a, b) for a, b in zip(state.net.parameters(), stored.parameters(), strict=True))


def test_runs_of_two_kinds_are_not_mixed_up(adapted: Path, photos: Path, pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="already holds a run"):
        adapt(SMALL, photos, adapted, how=FEW)
    with pytest.raises(InputError, match="adapts the other form than modnet; expected one form; add --lite"):
        adapt(recipe_of("modnet", lite=False), photos, adapted, how=FEW, resume=True)
    with pytest.raises(InputError, match="pass --stage soc to go on"):
        train(SMALL, pictures, adapted, resume=True)
    checkpoint.save_checkpoint(tmp_path, step=3, net={})
    with pytest.raises(InputError, match="a run with mattes; expected one of --stage soc"):
        adapt(SMALL, photos, tmp_path, how=FEW, resume=True)
    with pytest.raises(InputError, match=r"holds no checkpoint\.pt; --resume expects one"):
        adapt(SMALL, photos, tmp_path / "nothing", how=FEW, resume=True)


def test_other_photos_than_before_are_refused(adapted: Path, photos: Path, tmp_path: Path) -> None:
    shutil.copy(photos / "coffee.png", tmp_path / "one.png")
    with pytest.raises(InputError, match=r"adapts to 3 photos and .* has 1 or others"):
        adapt(SMALL, tmp_path, adapted, how=FEW, resume=True)


def test_the_first_weights_are_a_released_checkpoints_a_runs_or_a_cards(tmp_path: Path) -> None:
    published = recipe_of("modnet", lite=False)
    with pytest.raises(InputError, match="published MODNet comes without weights here"):
        soc.first_weights(published, None)
    with pytest.raises(UnknownModel, match="neither a folder nor a file, and as a model: no model is called"):
        soc.first_weights(published, str(tmp_path / "absent.ckpt"))
    with pytest.raises(InputError, match=r"holds weights of MODNetLite; expected modnet; .* or add --lite"):
        soc.first_weights(published, "modnet-lite")
    net, twice = build("modnet"), {}
    for name, tensor in net.state_dict().items():
        twice |= {official: tensor for official in official_names(name)}
    torch.save(twice, tmp_path / "modnet.ckpt")
    loaded = soc.first_weights(published, str(tmp_path / "modnet.ckpt"))
    assert all(torch.equal(a, b) for a, b in zip(loaded.parameters(), net.parameters(), strict=True))
    with pytest.raises(InputError, match=r"holds weights of MODNet; expected modnet-lite; .* or leave --lite away"):
        soc.first_weights(SMALL, str(tmp_path / "modnet.ckpt"))
    # the published network makes a step, at the smallest size there is
    state = soc.prepare(
        Adaptation().recipe(published, 1), NONE, tmp_path / "run", "cpu", str(tmp_path / "modnet.ckpt"), False
    )
    losses = soc.optimise(state, torch.rand(1, 3, 32, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1)
    assert set(losses) == {"semantic", "detail", "total"} and losses["total"] > 0


NONE = soc.Photos(Path(), (), ())


def official_names(name: str) -> list[str]:
    """As released, where the encoder has two names."""
    branch, _, rest = name.partition(".")
    if branch == "encoder":
        return [f"backbone.model.{rest}", f"lr_branch.backbone.model.{rest}"]
    return [f"{ {'semantic': 'lr_branch', 'detail': 'hr_branch', 'fusion': 'f_branch'}[branch] }.{rest}"]
