"""Composition-1k's recipe: names, blocks, the cut of the background, and the equation."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.data.composition import Recipe, Sources, enlarged, join, pairs
from mattelier.data.files import listed, load_cutout, size_of
from mattelier.data.rssn import Rssn
from mattelier.errors import InputError


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """Two cut-outs of 24 x 32 px and six backgrounds, some smaller and some larger."""
    rng = np.random.default_rng(0)
    for folder in ("fg", "bg"):
        (tmp_path / folder).mkdir()
    for i in range(2):
        alpha = np.zeros((24, 32), np.uint8)
        alpha[6:18, 8:24] = 255
        alpha[6:18, 4 + i] = 99
        rgb = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(np.dstack((rgb, alpha))).save(tmp_path / "fg" / f"f{i}.png")
    for i in range(6):
        pixels = rng.integers(0, 256, (12 + 8 * i, 20 + 6 * i, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "bg" / f"b{i}.png")
    return Sources(listed(tmp_path / "fg"), listed(tmp_path / "bg"))


def test_published_names_and_blocks(sources: Sources) -> None:
    made = pairs(sources, Recipe(per_foreground=3))
    assert [pair.name for pair in made] == ["f0_0", "f0_1", "f0_2", "f1_0", "f1_1", "f1_2"]
    assert [pair.background.name for pair in made] == [f"b{i}.png" for i in range(6)]


def test_the_paper_s_counts() -> None:
    foregrounds, backgrounds = (tuple(Path(f"{i}.png") for i in range(n)) for n in (50, 1000))
    made = pairs(Sources(foregrounds, backgrounds), Recipe(per_foreground=20))
    assert len(made) == 1000 and made[-1].name == "49_19" and made[-1].background.name == "999.png"


def test_published_pixels_by_a_plain_loop(sources: Sources) -> None:
    """Enlarged by the larger ratio, sides rounded up; the top-left corner; mixed and cut to an integer."""
    pair = pairs(sources, Recipe(per_foreground=3))[0]
    foreground, alpha = load_cutout(pair.foreground, None)
    ground = Image.open(pair.background).resize((40, 24), Image.Resampling.BICUBIC)  # 20 x 12 -> x2
    expected = np.zeros_like(foreground)
    for y in range(24):
        for x in range(32):
            for c in range(3):
                a, behind = int(alpha[y, x]), ground.getpixel((x, y))[c]
                expected[y, x, c] = (a * int(foreground[y, x, c]) + (255 - a) * behind) // 255
    np.testing.assert_array_equal(pair.make().planes["images"], expected)


def test_a_background_that_covers_is_left_alone() -> None:
    large = np.zeros((30, 40, 3), np.uint8)
    assert enlarged(large, (30, 20)) is large
    assert enlarged(np.zeros((10, 7, 3), np.uint8), (12, 5)).shape == (12, 9, 3)  # ceil(7 * 1.2)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(2),
        Recipe(2, seed=1),
        Recipe(3, seed=2, pair_share=1.0, has_extended_colours=True),
        Recipe(3, seed=3, rounding="nearest", rssn=Rssn(resolution=False, denoise=False, probability=1)),
    ],
)
def test_the_equation_holds_to_one_step(sources: Sources, recipe: Recipe) -> None:
    for pair in pairs(sources, recipe):
        planes = pair.make().planes
        a = planes["alpha"][..., None] / 255
        error = planes["images"] - (a * planes["fg"] + (1 - a) * planes["bg"])
        assert np.abs(error).max() < 1


def test_a_seed_repeats_and_differs(sources: Sources) -> None:
    recipe = Recipe(4, seed=5, pair_share=0.5, trimap="fba")
    first, again, other = (pairs(sources, r) for r in (recipe, recipe, Recipe(4, seed=6, pair_share=0.5, trimap="fba")))
    assert first == again and [p.background for p in first] != [p.background for p in other]
    for name, plane in first[1].make().planes.items():
        np.testing.assert_array_equal(plane, again[1].make().planes[name])
    assert len({pair.background for pair in first[:6]}) == 6  # all once before any comes again
    assert any(pair.second for pair in first) and not all(pair.second for pair in first)
    assert all(pair.second != pair.foreground for pair in first)


def test_two_as_one_by_hand() -> None:
    red, blue = np.full((1, 1, 3), (255, 0, 0), np.uint8), np.full((1, 1, 3), (0, 0, 255), np.uint8)
    half = np.full((1, 1), 128, np.uint8)
    colours, alpha = join((red, half), (blue, half))
    a = 128 / 255
    assert alpha[0, 0] == round(255 * (1 - (1 - a) ** 2))
    share = a / (1 - (1 - a) ** 2)
    assert colours[0, 0].tolist() == [round(255 * share), 0, round(255 * (1 - share))]
    # together they would cover everything: the first stays as it is
    assert join((red, half), (blue, np.full((1, 1), 255, np.uint8)))[1] is half


def test_linear_light_is_brighter_than_the_papers_mix(sources: Sources) -> None:
    plain, linear = (pairs(sources, Recipe(2, is_linear=is_linear))[0].make().planes for is_linear in (False, True))
    soft = (plain["alpha"] > 0) & (plain["alpha"] < 255)
    assert linear["images"][soft].mean() > plain["images"][soft].mean() + 3
    np.testing.assert_array_equal(linear["images"][~soft], plain["images"][~soft])


def test_extended_colours_leave_the_subject(sources: Sources) -> None:
    plain, extended = (
        pairs(sources, Recipe(2, has_extended_colours=flag))[0].make().planes["fg"] for flag in (False, True)
    )
    np.testing.assert_array_equal(extended[8:16, 10:22], plain[8:16, 10:22])
    assert (extended[0] != plain[0]).any()


def test_rssn_resolution_takes_no_background_that_is_too_small(sources: Sources) -> None:
    recipe = Recipe(4, seed=0, rssn=Rssn(denoise=False))
    assert {pair.background.name for pair in pairs(sources, recipe)} <= {"b2.png", "b3.png", "b4.png", "b5.png"}
    with pytest.raises(InputError, match="32 x 24 px or larger"):
        pairs(Sources(sources.foregrounds, sources.backgrounds[:2]), recipe)


def test_pictures_denoised_before_are_used(sources: Sources, tmp_path: Path) -> None:
    for folder, files in (("foregrounds", sources.foregrounds), ("backgrounds", sources.backgrounds)):
        (tmp_path / "clean" / folder).mkdir(parents=True)
        for file in files:
            height, width = size_of(file)
            Image.new("RGB", (width, height), (9, 9, 9)).save(tmp_path / "clean" / folder / f"{file.stem}.png")
    how = Rssn(resolution=False, sharpness=False, noise=False, probability=1)
    made = pairs(Sources(sources.foregrounds, sources.backgrounds, None, tmp_path / "clean"), Recipe(1, 0, rssn=how))
    planes = made[0].make().planes
    assert (planes["fg"] == 9).all() and (planes["bg"] == 9).all()


def test_separate_mattes_and_lists(sources: Sources, tmp_path: Path) -> None:
    (tmp_path / "alpha").mkdir()
    for file in sources.foregrounds:
        Image.new("L", (32, 24), 77).save(tmp_path / "alpha" / file.name)
    (tmp_path / "names.txt").write_text("f1.png\nf0.png\n")
    files = listed(tmp_path / "fg", tmp_path / "names.txt")
    made = pairs(Sources(files, sources.backgrounds, tmp_path / "alpha"), Recipe(2))
    assert made[0].name == "f1_0" and (made[0].make().planes["alpha"] == 77).all()


@pytest.mark.parametrize(
    "recipe", [Recipe(1), Recipe(1, seed=1, pair_share=1.0), Recipe(1, seed=1, is_linear=True, trimap="fba")]
)
def test_a_4k_composite_fits_into_2_gb(recipe: Recipe, tmp_path: Path) -> None:
    """By what it takes at 320 px: 2 GB are 128 bytes for each of 4096 x 4096 pixels."""
    side = 320
    alpha = np.tile(np.linspace(0, 255, side).astype(np.uint8), (side, 1))
    for folder, planes in (("fg", (alpha, alpha, alpha, alpha)), ("bg", (alpha, alpha, alpha))):
        (tmp_path / folder).mkdir()
        for i in range(2):
            Image.fromarray(np.dstack(planes)).save(tmp_path / folder / f"{i}.png")
    (first, *_) = pairs(Sources(listed(tmp_path / "fg"), listed(tmp_path / "bg")), recipe)
    first.make()  # imports are no part of it
    tracemalloc.start()
    first.make()
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes / side**2 < 120


def test_what_cannot_be_is_named(sources: Sources, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too few for 2 foregrounds with 20 each; expected 40"):
        pairs(sources, Recipe(20))
    with pytest.raises(InputError, match="one or more of each"):
        pairs(Sources((), sources.backgrounds), Recipe(1))
    with pytest.raises(InputError, match="expected a seed"):
        Recipe(pair_share=0.5)
    with pytest.raises(InputError, match="leave one away"):
        Recipe(seed=1, is_linear=True, rssn=Rssn())
    with pytest.raises(InputError, match="has no transparency"):
        load_cutout(sources.backgrounds[0], None)
    (tmp_path / "names.txt").write_text("nobody.png")
    with pytest.raises(InputError, match=r"names nobody\.png"):
        listed(tmp_path / "fg", tmp_path / "names.txt")
