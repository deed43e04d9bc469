"""A network that is told in words what to keep: red and blue discs, and words that mean neither."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mattelier.errors import InputError, NoSubject
from mattelier.image.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from mattelier.models import tokenizer
from mattelier.models.cards import Card
from mattelier.runtime import pipeline
from mattelier.runtime.pipeline import Matter, card_of
from mattelier.runtime.words import MEANT, meant_parts, parts_of, read_prompt, require_meant, subject_chance

Made = tuple[Card, Path]


def discs(hw: tuple[int, int] = (120, 240)) -> np.ndarray:
    """A red disc on the left and a blue one on the right, on black, their edges 8 px wide."""
    y, x = np.mgrid[: hw[0], : hw[1]]
    planes = [np.clip((0.35 * hw[0] - np.hypot(y - hw[0] / 2, x - hw[1] * at)) / 8 + 0.5, 0, 1) for at in (0.25, 0.75)]
    return (255 * np.stack((planes[0], np.zeros(hw), planes[1]), -1)).astype(np.uint8)


@pytest.fixture
def reader(reading: Made) -> Matter:
    return Matter(reading[0], file=reading[1], threads=1, refiner=None)


def test_the_words_decide_what_is_kept(reader: Matter) -> None:
    pixels = discs()
    red, blue = (reader.cut(pixels, prompt=f"the {colour} disc").alpha for colour in ("red", "blue"))
    assert red.shape == (120, 240)
    assert red[60, 60] == 1 and red[60, 180] == 0 and blue[60, 60] == 0 and blue[60, 180] == 1
    # seen as a square and brought back: a disc is a disc again
    for alpha, plane in ((red, pixels[..., 0]), (blue, pixels[..., 2])):
        assert ((alpha > 0.5) == (plane > 127)).mean() > 0.98


def test_a_keyword_and_an_expression_mean_the_same(reader: Matter) -> None:
    assert np.array_equal(*(reader.cut(discs(), prompt=prompt).alpha for prompt in ("red", "the thing that is RED")))


@pytest.mark.parametrize("quality", ["draft", "standard"])
def test_words_that_mean_nothing_there_find_no_subject(reader: Matter, quality: str) -> None:
    """The network answers both discs, and is not sure."""
    with pytest.raises(
        NoSubject, match=r"no subject found for 'the unicorn': what comes nearest is meant by 5\d % only"
    ):
        reader.cut(discs(), prompt="the unicorn", quality=quality)  # type: ignore[arg-type]


def test_words_for_what_is_not_there_find_no_subject(reader: Matter) -> None:
    only_red = discs() * np.array([1, 1, 0], np.uint8)
    with pytest.raises(NoSubject, match=r"for 'blue': 0\.00 % of the picture looks like it .*; use other words"):
        reader.cut(only_red, prompt="blue")


@pytest.mark.parametrize(("prompt", "doubted"), [("the red disc", False), ("the unicorn", True)])
def test_a_look_doubts_in_the_words_of_a_cut(reader: Matter, prompt: str, doubted: bool) -> None:
    seen = reader.look(discs(), prompt=prompt)
    assert seen.layers[-1].name == "alpha"
    try:
        reader.cut(discs(), prompt=prompt)
        sentence = None
    except NoSubject as error:
        sentence = str(error)
    assert seen.doubt == sentence and (sentence is not None) == doubted


def test_certainty_by_hand() -> None:
    """Half of what is kept is surely no background, of the other half the chance is a third: (1 + 1/3) / 2 = 2/3."""
    scores = np.zeros((1, 3, 2, 2), np.float32)
    scores[0, 2, 0] = 50
    scores[0, 0, 1] = np.log(4)
    chance = subject_chance(scores)
    np.testing.assert_allclose(chance, [[1, 1], [1 / 3, 1 / 3]], atol=1e-6)
    assert MEANT < 2 / 3
    alpha = np.ones((2, 2), np.float32)
    require_meant(alpha, scores, "x")
    scores[0, 2, 0, 0] = 0  # two of three classes there: (2/3 + 1 + 1/3 + 1/3) / 4
    with pytest.raises(NoSubject, match="meant by 58 % only; expected 65 %"):
        require_meant(alpha, scores, "x")
    # what is not kept does not count
    require_meant(np.array([[0, 1], [0, 0]], np.float32), scores, "x")


def test_what_is_kept_in_doubt_is_said() -> None:
    """Two thirds sure, as above: enough to keep it."""
    scores = np.zeros((1, 3, 2, 2), np.float32)
    assert require_meant(np.ones((2, 2), np.float32), scores, "the elk") == (
        "It is only 67 % sure that 'the elk' means what is kept: please look.",
    )
    scores[0, 2] = 5
    assert require_meant(np.ones((2, 2), np.float32), scores, "the elk") == ()


def test_parts_that_the_words_point_at_less_are_left_out_by_hand() -> None:
    """Three parts in a row, and a haze; the second is pointed at a little less, the third far less."""
    alpha = np.array([[0.9, 1, 0.2, 0, 0.8, 1, 0.2, 1, 1, 0.2]], np.float32).repeat(4, 0)
    pointing = np.array([[0.9, 0.9, 0.9, 0, 0.85, 0.85, 0, 0.6, 0.6, 0]], np.float32).repeat(4, 0)[None, None]
    kept = meant_parts(parts_of(alpha, pointing))
    np.testing.assert_array_equal(kept[:, :7], alpha[:, :7])  # a haze that hangs together with what is kept stays
    assert not kept[:, 7:].any()


def test_a_crumb_does_not_decide_and_one_part_is_left_as_it_is() -> None:
    alpha = np.zeros((20, 20), np.float32)
    alpha[:8], alpha[12, 3] = 1, 1
    pointing = np.where(alpha > 0, np.float32(0.5), 0)
    pointing[12, 3] = 1
    assert meant_parts(parts_of(alpha, pointing[None, None]))[:8].all()
    alpha[12, 3] = 0.3
    assert meant_parts(parts_of(alpha, pointing[None, None])) is alpha


def test_a_trimap_network_refines_what_words_left_open(reading: Made, told: Made) -> None:
    refiner = Matter(told[0], file=told[1], threads=1)
    matter = Matter(reading[0], file=reading[1], threads=1, refiner=refiner)
    photo = discs((60, 120))  # what the refiner is given at once
    cut = matter.cut(photo, prompt="red")
    assert set(np.unique(cut.trimap)) == {BACKGROUND, UNKNOWN, FOREGROUND}
    assert (cut.trimap[:, 65:] == BACKGROUND).all() and cut.trimap[30, 30] == FOREGROUND
    alone = refiner.cut(photo, trimap=cut.trimap)
    assert np.array_equal(cut.alpha, alone.alpha) and " + fba-told.test@" in cut.model
    with pytest.raises(NoSubject):
        matter.cut(discs(), prompt="the unicorn")


def test_a_look_shows_where_the_words_point_in_the_photos_shape(reader: Matter) -> None:
    look = reader.look(discs(), prompt="red")
    assert [layer.name for layer in look.layers] == ["pointing", "trimap", "detail", "alpha"]
    shapes = {layer.name: layer.pixels.shape for layer in look.layers}
    assert shapes == {"pointing": (2, 4), "trimap": (32, 64), "detail": (32, 64), "alpha": (32, 64)}
    pointing = look.layers[0].pixels.astype(int)
    assert pointing[:, :2].min() > pointing[:, 2:].max() + 50
    assert set(np.unique(look.layers[1].pixels)) == {BACKGROUND, UNKNOWN, FOREGROUND}
    # and says what it says when a cut would find nothing
    assert len(reader.look(discs(), prompt="the unicorn").layers) == 4


def test_without_words_it_is_one_sentence(reader: Matter) -> None:
    for ask in (reader.cut, reader.look):
        with pytest.raises(
            InputError, match=r"no prompt was given; clipmat-reading\.test keeps what words say"
        ) as caught:
            ask(discs())
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("prompt", ["", "  ", "?!", "\n"])
def test_a_prompt_without_a_word_is_refused(reader: Matter, prompt: str) -> None:
    with pytest.raises(InputError, match="has no word; expected what to keep, as in: the cat"):
        reader.cut(discs(), prompt=prompt)


def test_words_that_do_not_fit_are_said(reader: Matter) -> None:
    cut = reader.cut(discs(), prompt="the red disc, " + "and very round, " * 20)
    assert cut.notes == ("The prompt has 85 pieces of words; the first 38 were read.",)
    assert reader.cut(discs(), prompt="red").notes == ()


def test_a_long_prompt_is_cut_off_in_sentences(reader: Matter) -> None:
    with pytest.raises(NoSubject) as caught:
        reader.cut(discs(), prompt="a unicorn " * 100)
    assert len(str(caught.value)) < 250


def test_each_form_has_its_tokenizer(reading: Made) -> None:
    published = replace(reading[0], config={"encoder": "vit_b16"})
    assert read_prompt(reading[0], "cat")[0].tokens.shape == (1, 48)
    prompts, notes = read_prompt(published, "cat")
    wanted = tokenizer.clip().prompts(["the foreground of the cat"])
    assert np.array_equal(prompts.tokens, wanted.tokens) and np.array_equal(prompts.mask, wanted.mask) and notes == ()


def test_words_without_a_model_choose_one_that_reads(with_reader: Path, bright: Made, reading: Made) -> None:
    assert card_of(None) is bright[0] and card_of(None, "the cat") is reading[0]
    assert card_of("modnet-bright", "the cat") is bright[0]  # a name stands; check_hints refuses the words
    pipeline.warm.cache_clear()
    cut = pipeline.cut(discs(), prompt="red", threads=1)
    assert cut.model.startswith("clipmat-reading.test@") and cut.alpha[60, 180] == 0


def test_words_without_any_model_that_reads_are_one_sentence(with_reader: Path, reading: Made) -> None:
    (with_reader / reading[0].weights.file).unlink()
    with pytest.raises(InputError, match=r"a prompt was given; none of the models that come .* reads words; .*--model"):
        pipeline.cut(discs(), prompt="the cat")
