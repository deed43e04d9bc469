"""Words on pictures: broken, shortened, and never boxes where a face lacks a letter."""

import io

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.evolve import letters
from mattelier.evolve.letters import Style, broken, canvas, font, plain, shortened, width_of, write

STYLE = Style(20, (0, 0, 0))


def test_lines_are_no_wider_than_asked() -> None:
    face = font("source-serif", 20, 400)
    words = "a photo and what every one of the six systems makes of it"
    lines = broken(words, face, 150, 9)
    assert " ".join(lines) == words and len(lines) > 2
    assert all(face.getlength(line) <= 150 for line in lines)


def test_what_does_not_fit_ends_in_dots() -> None:
    face = font("bricolage", 20, 400)
    lines = broken("one two three four five six seven", face, 90, 2)
    assert len(lines) == 2 and lines[1].endswith("…") and face.getlength(lines[1]) <= 90
    assert shortened("incomprehensibilities", face, 90).endswith("…")
    assert shortened("short", face, 90) == "short"
    assert broken("", face, 90, 2) == [""]


def test_weights_differ() -> None:
    light, bold = Style(40, (0, 0, 0), weight=400), Style(40, (0, 0, 0), weight=700)
    assert width_of("matting", bold) > width_of("matting", light)


def test_letters_that_a_face_lacks_lose_their_accents_or_become_a_question_mark() -> None:
    assert plain("plain · text", STYLE) == "plain · text"
    assert plain("Ångström 猫.jpg", STYLE) == "Angstrom ?.jpg"


def test_writing_returns_where_the_next_line_begins() -> None:
    sheet, pen = canvas(200, 100, (255, 255, 255))
    assert write(pen, (10, 10), "one", STYLE, 180) == 10 + STYLE.line_px
    inked = np.argwhere(np.asarray(sheet).min(-1) < 128)
    assert inked.size and inked.min(0).tolist() >= [10, 10] and inked[:, 0].max() < 10 + STYLE.line_px


def test_a_pillow_without_woff2_is_told_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("unknown file format")

    monkeypatch.setattr(letters.ImageFont, "truetype", refuse)
    font.cache_clear()
    with pytest.raises(InputError, match=r"write an \.html sheet"):
        font("bricolage", 20, 400)


def test_the_faces_are_the_pages(root) -> None:
    assert letters.face_data("bricolage").startswith(b"wOF2")
    assert "SIL OPEN FONT LICENSE" in (root / "src/mattelier/serve/page/fonts/OFL.txt").read_text(encoding="utf-8")
    assert io.BytesIO(letters.face_data("source-serif")).read(4) == b"wOF2"
