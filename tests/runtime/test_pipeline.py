"""From a picture to a cut-out, with a network that keeps what is bright."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.errors import InputError, NoSubject, UnknownModel, WeightsError
from mattelier.image.io import Limits, decode
from mattelier.models.cards import Card
from mattelier.runtime import automatic, pipeline
from mattelier.runtime.pipeline import Matter

Bright = tuple[Card, Path]


def photo(hw: tuple[int, int] = (300, 400)) -> np.ndarray:
    """A bright disc on a dark ground, with a little noise."""
    height, width = hw
    y, x = np.mgrid[:height, :width]
    disc = np.hypot(y - height / 2, x - width / 2) < min(hw) / 4
    noise = np.random.default_rng(0).integers(0, 20, (*hw, 3))
    return (np.where(disc[..., None], 220, 10) + noise).astype(np.uint8)


@pytest.fixture
def matter(bright: Bright) -> Matter:
    return Matter(bright[0], file=bright[1], threads=1)


def test_the_disc_is_cut_at_the_photos_own_size(matter: Matter) -> None:
    pixels = photo()
    cut = matter.cut(pixels)
    assert cut.alpha.shape == (300, 400)
    assert cut.alpha.dtype == np.float32
    disc = pixels[..., 0] > 128
    assert ((cut.alpha > 0.5) == disc).mean() > 0.995
    assert cut.alpha[150, 200] == 1
    assert cut.alpha[0, 0] == 0
    inside = cut.alpha == 1
    assert np.array_equal(cut.colours[inside], pixels[inside])


def test_the_result_says_what_was_used_and_how_long_it_took(matter: Matter, bright: Bright, tmp_path: Path) -> None:
    Image.fromarray(photo()).save(tmp_path / "disc.png")
    cut = matter.cut(str(tmp_path / "disc.png"))
    assert cut.model == matter.name == f"modnet-bright.test@{bright[0].weights.sha256[:8]}"
    assert set(cut.seconds) == {"decode", "prepare", "network", "refine"}
    assert all(value > 0 for value in cut.seconds.values())
    assert cut.source == tmp_path / "disc.png"
    assert cut.profile is None


def test_path_bytes_picture_and_array_give_the_same(matter: Matter, tmp_path: Path) -> None:
    file = tmp_path / "disc.png"
    Image.fromarray(photo()).save(file)
    wanted = matter.cut(photo()).encoded("png")
    for source in (file, str(file), file.read_bytes(), Image.fromarray(photo())):
        assert matter.cut(source).encoded("png") == wanted


def test_the_files_own_alpha_is_multiplied_in(matter: Matter) -> None:
    own = np.full((300, 400), 255, np.uint8)
    own[:, :200] = 0
    own[:, 200:210] = 51  # 0.2
    cut, plain = matter.cut(np.dstack((photo(), own))), matter.cut(photo())
    assert (cut.alpha[:, :200] == 0).all()
    assert cut.alpha[150, 205] == pytest.approx(0.2)
    assert cut.alpha[150, 230] == plain.alpha[150, 230] == 1
    # a half transparent pixel of a certain subject holds no background: its colour stays
    assert np.array_equal(cut.colours[140:160, 201:240], photo()[140:160, 201:240])


def test_a_picture_that_is_wholly_transparent_has_no_subject(matter: Matter) -> None:
    with pytest.raises(NoSubject):
        matter.cut(np.dstack((photo(), np.zeros((300, 400), np.uint8))))


def test_an_even_picture_has_no_subject_whatever_the_network_says(matter: Matter) -> None:
    for value in (0, 128, 255):
        with pytest.raises(NoSubject, match="one even colour"):
            matter.cut(np.full((100, 100, 3), value, np.uint8))
    red = np.full((100, 100, 3), (255, 0, 0), np.uint8)
    red[::2, :, 1] = 8  # what JPEG makes of an even red
    with pytest.raises(NoSubject, match="one even colour"):
        matter.cut(red)


def test_a_picture_in_which_nothing_stands_out_has_no_subject(matter: Matter) -> None:
    dark = np.random.default_rng(0).integers(0, 60, (100, 100, 3), dtype=np.uint8)
    with pytest.raises(NoSubject, match=r"no subject found: 0\.00 % of the picture"):
        matter.cut(dark)


def test_draft_is_coarser_and_leaves_the_colours(matter: Matter) -> None:
    draft, standard = matter.cut(photo(), quality="draft"), matter.cut(photo())
    error = [np.abs(cut.alpha - (photo()[..., 0] > 128)).mean() for cut in (draft, standard)]
    assert error[0] > 1.5 * error[1]
    assert draft.alpha[0, 0] == 0
    assert draft.alpha[150, 200] == 1
    assert np.array_equal(draft.colours, photo())


def test_fine_is_the_mean_of_two_looks(matter: Matter) -> None:
    """By hand: a network that answers how far to the right each pixel is, squared, below its subject."""
    seen: list[np.ndarray] = []

    def run(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        seen.append(inputs["image"])
        height, width = inputs["image"].shape[2:]
        alpha = np.tile(((np.arange(width, dtype=np.float32) + 0.5) / width) ** 2, (height, 1))
        alpha[: height // 4] = 1  # a subject
        return {"alpha": alpha[None, None]}

    picture = decode(photo((96, 128)))
    found = automatic.find(matter.card, run, picture, None, {}, is_twice=True)
    assert len(seen) == 2
    assert np.array_equal(seen[0], seen[1][..., ::-1])
    assert not np.array_equal(seen[0], seen[1])
    ramp = (np.arange(found.alpha.shape[1]) + 0.5) / found.alpha.shape[1]
    np.testing.assert_allclose(found.alpha[-8], (ramp**2 + (1 - ramp) ** 2) / 2, atol=1e-6)


def test_fine_cuts_as_well_where_there_is_nothing_to_gain(matter: Matter) -> None:
    cut = matter.cut(photo(), quality="fine")
    assert ((cut.alpha > 0.5) == (photo()[..., 0] > 128)).mean() > 0.995
    assert set(cut.seconds) == {"decode", "prepare", "network", "refine"}


@pytest.mark.parametrize(
    ("hint", "says"),
    [
        ({"trimap": "x.png"}, "leave --trimap away"),
        ({"prompt": "the dog"}, "leave --prompt away"),
    ],
)
def test_a_hint_the_model_has_no_use_for_is_refused(matter: Matter, hint: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        matter.cut(photo(), **hint)  # type: ignore[arg-type]


def test_limits_are_kept(matter: Matter) -> None:
    with pytest.raises(InputError, match="at most 100"):
        matter.cut(photo(), limits=Limits(pixels=100))


def test_the_same_photo_gives_the_same_bytes_in_every_thread(matter: Matter) -> None:
    made: list[bytes] = []

    def work() -> None:
        made.append(matter.cut(photo()).encoded("png"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1


def test_wrong_weights_are_not_loaded(bright: Bright, tmp_path: Path) -> None:
    (tmp_path / "other.onnx").write_bytes(bright[1].read_bytes() + b" ")
    with pytest.raises(WeightsError, match="damaged or of another version"):
        Matter(bright[0], file=tmp_path / "other.onnx")


def test_a_name_finds_its_card_and_none_means_the_first(installed: Card) -> None:
    for name in ("modnet", "modnet-bright", None):
        assert Matter(name).card is installed
    with pytest.raises(UnknownModel, match=r"near names: modnet-bright\.test"):
        Matter("modnt")


def test_calls_in_a_row_load_the_weights_once(installed: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline.warm.cache_clear()
    opened: list[str] = []
    really = pipeline.open_engine
    monkeypatch.setattr(pipeline, "open_engine", lambda card, *rest: (opened.append(card.name), really(card, *rest))[1])
    for _ in range(3):
        pipeline.cut(photo())
    assert opened == ["modnet-bright.test"]
    pipeline.warm.cache_clear()


def test_odd_sizes(matter: Matter) -> None:
    for hw in ((1, 1), (1, 300), (300, 2), (33, 65)):
        pixels = np.full((*hw, 3), 10, np.uint8)
        pixels[: (hw[0] + 1) // 2, : (hw[1] + 1) // 2] = 240
        try:
            assert matter.cut(pixels).alpha.shape == hw
        except NoSubject:
            assert hw == (1, 1)


def ring() -> np.ndarray:
    """A trimap for `photo()`."""
    y, x = np.mgrid[:300, :400]
    distance = np.hypot(y - 150, x - 200)
    return np.where(distance < 60, 255, np.where(distance < 90, 128, 0)).astype(np.uint8)


@pytest.fixture
def aided(told: Bright) -> Matter:
    return Matter(told[0], file=told[1], threads=1)


def test_a_trimap_decides_what_is_known(aided: Matter, told: Bright, tmp_path: Path) -> None:
    pixels, trimap = photo(), ring()
    cut = aided.cut(pixels, trimap=trimap)
    assert cut.alpha.shape == (300, 400) and cut.alpha.dtype == np.float32
    assert (cut.alpha[trimap == 255] == 1).all() and (cut.alpha[trimap == 0] == 0).all()
    assert np.array_equal(cut.colours[trimap != 128], pixels[trimap != 128])
    assert np.array_equal(cut.trimap, trimap)
    assert cut.model == f"fba-told.test@{told[0].weights.sha256[:8]}"
    assert set(cut.seconds) == {"decode", "trimap", "network"}
    Image.fromarray(trimap).save(tmp_path / "t.png")
    for source in (tmp_path / "t.png", str(tmp_path / "t.png"), (tmp_path / "t.png").read_bytes()):
        assert np.array_equal(aided.cut(pixels, trimap=source).alpha, cut.alpha)


def test_a_trimap_that_is_missing_or_does_not_fit_is_refused(aided: Matter) -> None:
    with pytest.raises(InputError, match="no trimap was given"):
        aided.cut(photo())
    with pytest.raises(InputError, match="the trimap is 300 x 400 px and the photo 400 x 300"):
        aided.cut(photo(), trimap=ring().T)
    with pytest.raises(InputError, match="no unknown part"):
        aided.cut(photo(), trimap=np.zeros((300, 400), np.uint8))


def test_a_trimap_with_one_side_is_used_and_that_is_said(aided: Matter) -> None:
    cut = aided.cut(photo(), trimap=np.minimum(ring(), 128))
    assert cut.notes == ("The trimap has no known subject (255).",)


def test_fine_is_refused_where_the_network_looks_once(aided: Matter) -> None:
    with pytest.raises(InputError, match="looks once, fine is for models that need the photo alone"):
        aided.cut(photo(), trimap=ring(), quality="fine")


def test_a_draft_with_a_trimap_leaves_the_colours(aided: Matter) -> None:
    draft = aided.cut(photo(), trimap=ring(), quality="draft")
    assert draft.colours is draft.pixels
    assert np.array_equal(draft.alpha, aided.cut(photo(), trimap=ring()).alpha)


def test_a_picture_of_one_colour_is_cut_as_the_trimap_says(aided: Matter) -> None:
    """Who draws a trimap has seen the subject."""
    cut = aided.cut(np.full((300, 400, 3), 90, np.uint8), trimap=ring())
    assert cut.alpha[150, 200] == 1 and cut.alpha[150, 275] == pytest.approx(90 / 255, abs=1e-5)


def test_the_files_own_alpha_is_multiplied_into_a_trimaps_matte(aided: Matter) -> None:
    own = np.full((300, 400), 255, np.uint8)
    own[:, :200] = 0
    cut = aided.cut(np.dstack((photo(), own)), trimap=ring())
    assert (cut.alpha[:, :200] == 0).all() and cut.alpha[150, 210] == 1 and (cut.matte is not None)


def test_calls_in_a_row_take_a_trimap_too(told: Bright, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mattelier.models.CARDS", (told[0],))
    monkeypatch.setenv("MATTELIER_HOME", str(told[1].parent))
    pipeline.warm.cache_clear()
    assert pipeline.cut(photo(), model="fba-told", trimap=ring(), threads=1).alpha[150, 200] == 1
    pipeline.warm.cache_clear()
