"""The proving ground's promises: the equation in every pixel, seeds, and what is kept for testing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.data import trimaps
from mattelier.data.proving import scenes, textures
from mattelier.data.proving.canvas import View
from mattelier.data.sets import write_set
from mattelier.errors import InputError

EVERY = [*scenes.KINDS, *scenes.TEST_KINDS]
SIDE = 160


@pytest.fixture(scope="module")
def rendered() -> dict[str, list[scenes.Planes]]:
    """Two test scenes of every kind."""
    return {kind: [scene.render() for scene in scenes.testing([kind], 2, 5, SIDE)] for kind in EVERY}


@pytest.mark.parametrize("kind", EVERY)
def test_the_equation_holds_in_every_pixel(kind: str, rendered: dict[str, list[scenes.Planes]]) -> None:
    for planes in rendered[kind]:
        alpha = planes.alpha[..., None] / 255
        exact = alpha * planes.foreground + (1 - alpha) * planes.background
        assert np.abs(planes.image - exact).max() <= 0.5 + 1e-9  # of 255
        assert planes.image.dtype == planes.alpha.dtype == np.uint8


@pytest.mark.parametrize("kind", EVERY)
def test_a_scene_has_all_that_a_trimap_needs(kind: str, rendered: dict[str, list[scenes.Planes]]) -> None:
    for planes in rendered[kind]:
        assert 0.01 < planes.alpha.mean() / 255 < 0.9
        assert (planes.alpha == 0).mean() > 0.05 and (planes.alpha == 255).mean() > 0.002
        assert ((planes.alpha > 0) & (planes.alpha < 255)).mean() > 0.004


@pytest.mark.parametrize("kind", EVERY)
def test_a_seed_gives_its_pixels_and_no_other(kind: str, rendered: dict[str, list[scenes.Planes]]) -> None:
    again = scenes.testing([kind], 1, 5, SIDE)[0].render()
    np.testing.assert_array_equal(again.image, rendered[kind][0].image)
    np.testing.assert_array_equal(again.alpha, rendered[kind][0].alpha)
    assert (rendered[kind][1].alpha != again.alpha).any()


@pytest.mark.parametrize("kind", ["glass", "smoke"])
def test_clear_things_are_clear(kind: str, rendered: dict[str, list[scenes.Planes]]) -> None:
    for planes in rendered[kind]:
        soft = (planes.alpha > 0) & (planes.alpha < 255)
        assert soft.sum() > 0.5 * (planes.alpha > 0).sum()


@pytest.mark.parametrize("kind", ["hair", "fur", "feather"])
def test_strands_are_fine(kind: str, rendered: dict[str, list[scenes.Planes]]) -> None:
    """Much more outline than a disc of the same area has."""
    for planes in rendered[kind]:
        solid = planes.alpha > 127
        outline = (solid[1:] != solid[:-1]).sum() + (solid[:, 1:] != solid[:, :-1]).sum()
        assert outline > 2 * 4 * np.sqrt(solid.sum() / np.pi)


def test_tiles_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("hair", "defocus", "product"):
        (scene,) = scenes.testing([kind], 1, 2, 128)
        whole = scene.render()
        with monkeypatch.context() as patch:
            patch.setattr(scenes, "_TILE_PX", 50)
            tiled = scene.render()
        # an outline's crossing, Pillow's filter and a Fourier transform round differently in another window: at most
        # one sample of 36, and rarely
        difference = np.abs(tiled.alpha.astype(int) - whole.alpha)
        assert difference.max() <= 8 and (difference > 1).mean() < 1e-3
        assert (np.abs(tiled.image.astype(int) - whole.image) > 2).mean() < 1e-3


def test_training_refuses_what_is_kept_for_testing() -> None:
    for kind in scenes.TEST_KINDS:
        with pytest.raises(InputError, match=f"'{kind}' is for testing only"):
            scenes.training(["hair", kind], 2, 0, 64)
    assert len(scenes.TEST_KINDS) == 2 and not set(scenes.KINDS) & set(scenes.TEST_KINDS)


def test_training_never_shows_the_kept_textures(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    for split, make in (("train", scenes.training), ("test", scenes.testing)):
        seen.clear()
        for name in (*textures.FAMILIES, *textures.TEST_FAMILIES):
            book = textures.FAMILIES if name in textures.FAMILIES else textures.TEST_FAMILIES
            monkeypatch.setitem(book, name, lambda rng, hw, name=name: seen.append(name))
        for scene in make(["product"], 60, 1, 64):
            rng = scene._rng(0)
            scene._surface(rng, tuple(textures.FAMILIES))
        monkeypatch.undo()
        assert bool(set(seen) & set(textures.TEST_FAMILIES)) == (split == "test")


def test_train_and_test_differ_for_one_seed() -> None:
    train, test = (make(["rings"], 1, 0, 96)[0].render() for make in (scenes.training, scenes.testing))
    assert (train.alpha != test.alpha).any()


def test_kinds_come_in_turn() -> None:
    made = scenes.training(["hair", "lace"], 5, 0, 64)
    assert [scene.name for scene in made] == ["hair_00000", "lace_00000", "hair_00001", "lace_00001", "hair_00002"]


def test_written_files_satisfy_the_equation(tmp_path: Path) -> None:
    jobs = scenes.training(["smoke", "letters"], 2, 4, 96, trimap="fba")
    assert [written.status for written in write_set(tmp_path, jobs)] == ["done", "done"]
    for job in jobs:
        image, alpha, front, behind, trimap = (
            np.asarray(Image.open(tmp_path / folder / f"{job.name}.png"))
            for folder in ("images", "alpha", "fg", "bg", "trimap")
        )
        a = alpha[..., None] / 255
        assert np.abs(image - (a * front + (1 - a) * behind)).max() < 1
        assert (alpha[trimap == 0] == 0).all() and (alpha[trimap == 255] == 255).all()
    assert "rendered" in (tmp_path / "manifest.csv").read_text()


def test_photographs_take_the_place_of_noise(tmp_path: Path) -> None:
    Image.new("RGB", (80, 70), (10, 200, 30)).save(tmp_path / "green.png")
    planes = scenes.training(["letters"], 1, 0, 96, tmp_path)[0].render()
    assert (planes.background == (10, 200, 30)).all()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="has no picture"):
        scenes.training(["letters"], 1, 0, 96, tmp_path / "empty")


def test_colours_are_carried_on_by_hand() -> None:
    colours, known = np.zeros((1, 4, 3), np.uint8), np.array([[True, False, False, True]])
    colours[0, 0], colours[0, 3] = 100, 200
    filled = scenes.carried_on(colours, known)[0, :, 0].tolist()
    assert filled[0] == 100 and filled[3] == 200 and 100 <= filled[1] <= filled[2] <= 200


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("no kind 'hare'", {"kinds": ["hare"]}),
        ("32 px", {"size_px": 32}),
        ("0 scenes", {"count": 0}),
        ("no paper 'gca'", {"trimap": "gca"}),
    ],
)
def test_what_cannot_be_is_named(words: str, given: dict) -> None:
    with pytest.raises(InputError, match=words):
        scenes.training(**{"kinds": ["hair"], "count": 1, "seed": 0, "size_px": 64, **given})


def test_blurring_keeps_the_mean_of_alpha() -> None:
    from mattelier.data.proving.blurred import Blurred
    from mattelier.data.proving.canvas import discs

    disc = discs(np.array([[32.0, 32.0]]), np.array([12.0]), np.array([[0.8, 0.2, 0.4]]))
    view = View.whole((64, 64))
    blurred = Blurred(disc, np.full((9, 9), 1 / 81, np.float32)).paint(view)
    assert blurred.alpha.sum() == pytest.approx(disc.paint(view).alpha.sum(), rel=1e-3)
    soft = (blurred.alpha > 0.05) & (blurred.alpha < 0.95)
    np.testing.assert_allclose(blurred.premultiplied[soft][:, 0] / blurred.alpha[soft], 0.8, atol=0.01)


def test_every_paper_s_trimap_can_be_drawn(rendered: dict[str, list[scenes.Planes]]) -> None:
    alpha = rendered["hair"][0].alpha
    for ranges in trimaps.PAPERS.values():
        assert (trimaps.draw(alpha, ranges, np.random.default_rng(0)) == 128).any()
