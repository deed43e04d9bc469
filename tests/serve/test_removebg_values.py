from collections.abc import Callable

import pytest

from mattelier.serve import removebg_values as values
from mattelier.serve.removebg_values import Length


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("fff", (255, 255, 255, 255)), ("#81d4fa", (129, 212, 250, 255)), ("81d4fa77", (129, 212, 250, 119)),
        ("#F008", (255, 0, 0, 136)), ("green", (0, 128, 0, 255)), ("RebeccaPurple", (102, 51, 153, 255)),
    ],
)  # fmt: skip
def test_a_colour_is_hex_or_a_name(text: str, colour: tuple[int, int, int, int]) -> None:
    assert values.colour(text) == colour


def test_lengths_are_pixels_or_shares() -> None:
    assert values.length("30px") == values.length("30") == Length(30, False)
    assert values.length("12.5%") == Length(0.125, True)
    assert Length(0.125, True).px(80) == 10


def test_margins_are_one_two_or_four_and_not_wider_than_the_protocol_allows() -> None:
    a, b, c, d = (Length(n, False) for n in (1, 2, 3, 4))
    assert values.margins("1px") == (a, a, a, a)
    assert values.margins("1px 2px") == (a, b, a, b)
    assert values.margins("1 2 3 4") == (a, b, c, d)
    assert Length(0.9, True).margin_px(100) == 50
    assert Length(900, False).margin_px(100) == 500


def test_scale_and_position_are_shares_of_the_canvas() -> None:
    assert values.scale("80%") == 0.8
    assert values.scale("original") is values.position("original") is None
    assert values.position("center") == values.position("50%") == (0.5, 0.5)
    assert values.position("10% 90%") == (0.1, 0.9)


def test_sizes_are_megapixels() -> None:
    assert [values.size(name) for name in ("preview", "small", "regular")] == [250_000] * 3
    assert [values.size(name) for name in ("medium", "hd", "full", "4k", "50MP", "auto")] == [
        1_500_000, 4_000_000, 25_000_000, 25_000_000, 50_000_000, 50_000_000,
    ]  # fmt: skip


def test_flags_and_opacities() -> None:
    assert [values.flag(word) for word in ("true", "TRUE", "1", "yes")] == [True] * 4
    assert [values.flag(word) for word in ("false", "0", "no")] == [False] * 3
    assert values.opacity("50") == values.opacity("50%") == 0.5


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (values.colour, "ff"), (values.colour, "#fffff"), (values.colour, "rgb(1,2,3)"), (values.colour, "/etc/passwd"),
        (values.colour, "blur"), (values.length, "-1px"), (values.length, "10em"), (values.length, "1e9px"),
        (values.length, "nan"), (values.margins, "1 2 3"), (values.margins, ""), (values.region, "0 0 10"),
        (values.region, "0% 0% 110% 100%"), (values.scale, "5%"), (values.scale, "101%"), (values.scale, "0.5"),
        (values.position, "left"), (values.position, "1% 2% 3%"), (values.flag, "maybe"), (values.opacity, "101"),
        (values.size, "huge"), (values.opacity, "-1"), (values.length, "٣px"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(reader: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match=r"\w{2}"):
        reader(text)
