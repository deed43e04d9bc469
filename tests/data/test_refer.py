"""Scenes: exact pictures, and expressions that a reader who sees only the pixels resolves to the same subject."""

import colorsys
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.data import refer
from mattelier.data.cutouts import Cutout, object_of, read_cutouts
from mattelier.data.datasets import load_grey, load_rgb
from mattelier.data.expressions import pick
from mattelier.data.references import as_examples, of_split, read_references, write_references
from mattelier.data.wordings import ABSOLUTE_PHRASES, RELATIVE_PHRASES
from mattelier.errors import InputError

COLOURS = {"red": (210, 20, 20), "green": (30, 160, 40), "blue": (30, 60, 210), "yellow": (240, 220, 20)}
NOUNS = ("dog", "cat", "duck", "car", "bus", "cup", "rose", "owl")
SEEDS = 300


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Soft discs of known names and colours, two views each, and plain grey backgrounds."""
    root = tmp_path_factory.mktemp("cutouts")
    y, x = np.mgrid[:64, :64]
    rows = ["name,description,category"]
    for k, noun in enumerate(NOUNS):
        for colour, rgb in COLOURS.items():
            for view in range(2):
                radius = 20 + 3 * view
                alpha = np.clip((radius - np.hypot(y - 32, (x - 32) * (1 + 0.1 * k))) / 2 + 0.5, 0, 1)
                name = f"{noun}{colour}_{view}.png"
                rgba = np.dstack((np.full((64, 64, 3), rgb, np.uint8), (alpha * 255).astype(np.uint8)))
                Image.fromarray(rgba).save(root / name)
                rows.append(f"{name},A {noun}.,{('animals', 'vehicles', 'objects')[k % 3]}")
    (root / "manifest.csv").write_text("\n".join(rows))
    grounds = tmp_path_factory.mktemp("grounds")
    for k in range(60):
        Image.fromarray(np.full((70, 90, 3), 60 + 2 * k, np.uint8)).save(grounds / f"grey{k}.png")
    return root, grounds


@pytest.fixture(scope="module")
def scenes(folders: tuple[Path, Path]) -> list[refer.Scene]:
    cutouts, grounds = read_cutouts(folders[0]), sorted(folders[1].iterdir())
    return [refer.scene(cutouts, grounds, 96, "train", seed, 0) for seed in range(SEEDS)]


def test_every_expression_means_one_subject_of_its_scene(scenes: list[refer.Scene]) -> None:
    kinds: Counter[str] = Counter()
    for made in scenes:
        for expression in made.expressions:
            assert pick(expression.query, made.things) == expression.target
            kinds[expression.kind] += 1
        assert {e.target for e in made.expressions} == set(range(len(made.things)))  # each can be asked for
    assert min(kinds[kind] for kind in ("keyword", "basic", "absolute", "relative")) > SEEDS / 2


def test_a_reader_of_the_pixels_finds_the_same_subject(scenes: list[refer.Scene]) -> None:
    for made in scenes:
        seen = [Seen(made, k) for k in range(len(made.things))]
        for expression in made.expressions:
            assert resolve(expression.text, seen) == expression.target, expression.text


class Seen:
    """A subject as a person sees it: its name, its main colour, where it is, how big."""

    def __init__(self, made: refer.Scene, k: int) -> None:
        alpha = made.alphas[k] / 255.0
        y, x = np.mgrid[: alpha.shape[0], : alpha.shape[1]] / alpha.shape[0]
        self.x, self.y = (float((axis * alpha).sum() / alpha.sum()) for axis in (x, y))
        self.area = float(alpha.mean())
        r, g, b = made.image[alpha > 0.9].mean(0) / 255.0
        hue = colorsys.rgb_to_hsv(r, g, b)[0]
        self.colour = ("red", "yellow", "green", "blue")[
            int(np.argmin([abs((hue - h + 0.5) % 1 - 0.5) for h in (0.0, 0.15, 0.35, 0.64)]))
        ]
        self.words = set(made.things[k].names.sure)
        self.front = k  # drawn in this order


def resolve(text: str, seen: list[Seen]) -> int:
    """The subject of a sentence by plain parsing: words that fit count most, then how well the relation fits."""
    head, phrase, tail = split_sentence(text)
    fitting = [k for k, thing in enumerate(seen) if fits(head, thing)]
    if not phrase:
        assert len(fitting) == 1, text
        return fitting[0]
    if re.fullmatch(r"the (photo|image|picture)", tail):
        relation = next(r for r, words in ABSOLUTE_PHRASES.items() if phrase in sum(words.values(), ()))
        return max(fitting, key=lambda k: absolute(relation, seen[k]))
    other = resolve(tail, seen)
    relation = next(r for r, words in RELATIVE_PHRASES.items() if phrase in sum(words.values(), ()))
    return max((k for k in fitting if k != other), key=lambda k: relative(relation, seen[k], seen[other]))


def split_sentence(text: str) -> tuple[str, str, str]:
    tables = (*ABSOLUTE_PHRASES.values(), *RELATIVE_PHRASES.values())
    phrases = sorted({phrase for words in tables for some in words.values() for phrase in some}, key=len, reverse=True)
    found = re.search(rf"^(.*?),? ({'|'.join(map(re.escape, phrases))}) (the .*)$", text)
    return found.groups() if found else (text, "", "")  # type: ignore[return-value]


def fits(head: str, thing: Seen) -> bool:
    words = set(re.findall(r"[a-z-]+", head)) - {"the", "which", "that", "is", "and", "small", "big"}
    colours = words & set(COLOURS)
    return words - colours <= thing.words and colours <= {thing.colour} and size_fits(head, thing)


def size_fits(head: str, thing: Seen) -> bool:
    return not (" small" in head and thing.area > 0.055) and not (" big" in head and thing.area < 0.13)


def absolute(relation: str, thing: Seen) -> float:
    middle = -max(abs(thing.x - 0.5), 0.7 * abs(thing.y - 0.5))
    places = {"left": -thing.x, "right": thing.x, "top": -thing.y, "bottom": thing.y, "middle": middle}
    return places[relation.removesuffix("most")]


def relative(relation: str, thing: Seen, other: Seen) -> float:
    x, y = thing.x - other.x, thing.y - other.y
    return {
        "left of": -x,
        "right of": x,
        "above": -y,
        "below": y,
        "next to": -abs(x),
        "bigger than": thing.area,
        "smaller than": -thing.area,
        "in front of": thing.front - 10 * abs(x),
        "behind": -thing.front - 10 * abs(x),
    }[relation]


def test_the_picture_is_its_layers(folders: tuple[Path, Path]) -> None:
    cutouts, grounds = read_cutouts(folders[0]), sorted(folders[1].iterdir())
    rng = np.random.default_rng(5)
    placed = [refer.put(cutouts[k], box, 96, rng) for k, box in ((0, (0, 0, 0.7, 0.7)), (20, (0.3, 0.2, 1.0, 0.9)))]
    background = refer.ground(grounds[0], 96, rng)
    image, seen = refer.layer(placed, background)
    rest = 1.0 - sum(seen)
    total = sum(a[..., None] * p.rgb for a, p in zip(seen, placed, strict=True)) + rest[..., None] * background
    np.testing.assert_allclose(image, total, atol=1 / 255)
    assert rest.min() >= -1e-6 and all(a.min() >= 0 for a in seen)
    np.testing.assert_array_equal(seen[1], placed[1].alpha)  # the front one is seen whole
    hidden = 1.0 - seen[0].sum() / placed[0].alpha.sum()
    assert refer.hidden_by(1, placed) == (pytest.approx(hidden, abs=1e-5), 0.0)
    assert refer.hidden_by(0, placed) == (0.0, 0.0)


def test_nobody_is_hidden_too_much_and_overlaps_do_occur(scenes: list[refer.Scene]) -> None:
    hidden = [max(thing.hides) for made in scenes for thing in made.things]
    assert max(hidden) <= 1 - refer.LEAST_SEEN + 1e-6
    assert sum(share > 0.05 for share in hidden) > 3
    layouts = Counter(made.layout for made in scenes)
    assert layouts["side by side"] > layouts["stacked"] > layouts["overlapping"] > 0


def test_a_set_is_the_same_bytes_again_and_reads_back(folders: tuple[Path, Path], tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_references(*folders, tmp_path / name, count=12, seed=3, split="train", side_px=96)
    one, two = ({p.relative_to(tmp_path / n): p.read_bytes() for p in files(tmp_path / n)} for n in ("one", "two"))
    assert one == two and len(one) > 24
    write_references(*folders, tmp_path / "more", count=14, seed=3, split="train", side_px=96)
    name = Path("images/train_000011.png")
    assert (tmp_path / "more" / name).read_bytes() == one[name]  # a scene does not depend on how many there are
    write_references(*folders, tmp_path / "other", count=12, seed=4, split="train", side_px=96)
    assert (tmp_path / "other" / name).read_bytes() != one[name]
    references = read_references(tmp_path / "one")
    lines = [json.loads(line) for line in (tmp_path / "one" / "expressions.jsonl").read_text().splitlines()]
    assert sum(len(reference.texts) for reference in references) == len(lines)
    for reference in references:
        assert load_rgb(reference.image).shape == (96, 96, 3)
        assert load_grey(reference.alpha).max() == (0 if reference.is_absent else 255)
        assert all(reference.tells) != reference.is_absent
    examples = as_examples(references)
    assert len(examples) == len(lines) and {e.prompt for e in examples} == {line["text"] for line in lines}
    for example in examples:  # what a text means is among the subjects of its picture, unless it means nothing
        assert (example.alpha in example.subjects) == (example.category != "absent")
        assert {path.name[:12] for path in (example.image, example.alpha, *example.subjects)} == {example.name[:12]}
    assert len({example.name for example in examples}) == len(examples)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_splits_share_no_object_no_background_and_no_template(folders: tuple[Path, Path], tmp_path: Path) -> None:
    objects, grounds, templates = {}, {}, {}
    for split in refer.SPLITS:
        out = tmp_path / split
        write_references(*folders, out, count=40, seed=0, split=split, side_px=64)
        lines = (out / "manifest.csv").read_text().splitlines()[1:]
        objects[split] = {line.split(",")[-3] for line in lines}
        grounds[split] = {line.split(",")[-2] for line in lines}
        entries = [json.loads(line) for line in (out / "expressions.jsonl").read_text().splitlines()]
        templates[split] = {entry["template"] for entry in entries} - {"keyword"}
    for found in (objects, grounds, templates):
        assert all(found.values())
        assert not found["train"] & found["val"] and not found["train"] & found["test"]
        assert not found["val"] & found["test"]


def test_all_views_of_an_object_share_its_split(folders: tuple[Path, Path]) -> None:
    cutouts = read_cutouts(folders[0])
    things = Counter(cutout.thing for cutout in cutouts)
    assert set(things.values()) == {2} and len(things) == len(NOUNS) * len(COLOURS)
    names = ("db_backpack_00", "db_backpack_01", "human_0012", "ccp_0555_up", "frog-1", "frog", "inet_037_turtle")
    assert [object_of(name) for name in names] == [
        "db_backpack", "db_backpack", "human_0012", "ccp_0555", "frog", "frog", "inet_037_turtle",
    ]  # fmt: skip


def test_splits_are_eight_to_one_to_one() -> None:
    counts = Counter(refer.split_of(f"object {k}") for k in range(5000))
    assert counts["train"] == pytest.approx(4000, rel=0.05) and counts["val"] == pytest.approx(500, rel=0.2)


def test_a_folder_without_a_manifest_is_read_by_its_names(tmp_path: Path) -> None:
    (tmp_path / "red_panda").mkdir()
    for name in ("red_panda/1.png", "tea-cup.png"):
        Image.new("RGBA", (4, 4)).save(tmp_path / name)
    cutouts: tuple[Cutout, ...] = read_cutouts(tmp_path)
    assert [cutout.names.sure[0] for cutout in cutouts] == ["panda", "tea cup"]


def test_what_cannot_be_done_is_said(folders: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no cut-out"):
        read_cutouts(tmp_path / "empty")
    with pytest.raises(InputError, match="no picture"):
        write_references(folders[0], tmp_path / "empty", tmp_path / "out", count=1, seed=0, split="train")
    lone = tmp_path / "lone"
    lone.mkdir()
    Image.new("RGBA", (8, 8), (255, 0, 0, 255)).save(lone / "thing.png")
    missing = next(s for s in refer.SPLITS if s != refer.split_of("thing"))
    with pytest.raises(InputError, match=f"falls into the split {missing}"):
        write_references(lone, folders[1], tmp_path / "out", count=1, seed=0, split=missing)
    with pytest.raises(InputError, match="already exists"):
        write_references(*folders, tmp_path / "empty", count=1, seed=0, split="train")
    with pytest.raises(InputError, match=r"expressions\.jsonl was not found"):
        read_references(tmp_path / "empty")
    assert not (tmp_path / "out").exists() and not (tmp_path / "out.partial").exists()


def test_fewer_expressions_are_some_of_the_same(scenes: list[refer.Scene]) -> None:
    for seed, made in enumerate(scenes[:40]):
        assert refer.thinned(made, 4, np.random.default_rng(seed)) == made
        few = refer.thinned(made, 1, np.random.default_rng(seed))
        assert set(few.expressions) <= set(made.expressions) and set(few.absent) <= set(made.absent)
        assert [e for e in few.expressions if e.kind == "keyword"] == [
            e for e in made.expressions if e.kind == "keyword"
        ]
        others = Counter(e.target for e in few.expressions if e.kind != "keyword")
        assert set(others) == set(range(len(made.things))) and set(others.values()) == {1}
        assert len(few.absent) == min(1, len(made.absent))


def test_with_fewer_expressions_the_pictures_are_the_same(folders: tuple[Path, Path], tmp_path: Path) -> None:
    said = [
        write_references(*folders, tmp_path / str(n), count=4, seed=3, split="train", side_px=96, expressions=n)
        for n in (4, 1)
    ]
    assert said[0] > said[1]
    for picture in (tmp_path / "4/images").iterdir():
        assert picture.read_bytes() == (tmp_path / "1/images" / picture.name).read_bytes()


def test_cut_outs_that_show_nothing_make_no_scene(folders: tuple[Path, Path], tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8)).save(tmp_path / "nothing.png")
    with pytest.raises(InputError, match="40 draws from 1 cut-outs gave no scene"):
        refer.scene(read_cutouts(tmp_path), sorted(folders[1].iterdir()), 32, "train", 0, 0)


def test_a_part_of_the_scenes_shows_things_of_one_name(scenes: list[refer.Scene]) -> None:
    several = [made for made in scenes if len(made.things) > 1]
    alike = [made for made in several if made.things[0].names.sure[0] == made.things[1].names.sure[0]]
    by_chance = 1 / len(NOUNS)
    share = refer.LIKE_SHARE + (1 - refer.LIKE_SHARE) * by_chance
    assert abs(len(alike) / len(several) - share) < 0.1


def test_scenes_have_words_for_what_they_lack(scenes: list[refer.Scene]) -> None:
    assert sum(bool(made.absent) for made in scenes) > 0.9 * SEEDS  # not where all animals are there: cups may be too
    for made in scenes:
        names = {name for thing in made.things for name in thing.names.sure}
        for expression in made.absent:
            assert expression.kind == "absent" and not set(expression.text.split()) & names


def test_a_manifest_may_say_the_split(tmp_path: Path) -> None:
    rows = "name,description,category,object,split\na.png,A dog.,animals,fido,test\nb.png,A dog.,animals,rex,\n"
    (tmp_path / "manifest.csv").write_text(rows)
    for name in ("a.png", "b.png"):
        Image.new("RGBA", (4, 4)).save(tmp_path / name)
    cutouts = read_cutouts(tmp_path)
    grounds = tuple(Path(f"{k}.jpg") for k in range(60))
    assert [c.thing for c in of_split(cutouts, grounds, "test")[0]] == ["fido"]
    assert refer.split_of("rex") == "train" and [c.thing for c in of_split(cutouts, grounds, "train")[0]] == ["rex"]
