"""POST /api/cut, three ways in and two ways out, and GET /api/models."""

import asyncio
import base64
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import numpy as np
import pytest
from PIL import Image

import mattelier
from mattelier.errors import InputError
from mattelier.serve.app import create_app
from mattelier.serve.native import check_background


def opened(data: bytes) -> np.ndarray:
    """A picture file as an array."""
    return np.asarray(Image.open(io.BytesIO(data)))


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_a_form_a_json_object_and_a_raw_body_give_the_same_bytes(client: Any, photo: bytes) -> None:
    form = client.post("/api/cut", files={"image": ("a.png", photo, "image/png")}, data={"keep": "alpha"})
    packed = client.post("/api/cut", json={"image": in_base64(photo), "keep": "alpha"})
    raw = client.post("/api/cut?keep=alpha", content=photo, headers={"Content-Type": "image/png"})
    assert [answer.status_code for answer in (form, packed, raw)] == [200] * 3
    assert form.content == packed.content == raw.content


def test_the_answer_is_what_the_python_call_gives(client: Any, photo: bytes) -> None:
    answer = client.post("/api/cut", content=photo)
    assert answer.content == mattelier.cut(photo).encoded("png")
    assert answer.headers["content-type"] == "image/png"
    pixels = opened(answer.content)
    assert pixels.shape == (60, 80, 4)
    assert pixels[30, 40, 3] == 255 and pixels[0, 0, 3] == 0
    assert (pixels[30, 40, :3] == opened(photo)[30, 40]).all()


def test_headers_say_which_model_how_long_and_what_name(client: Any, photo: bytes) -> None:
    headers = client.post("/api/cut", files={"image": ("über/mein hund.JPG", photo)}).headers
    assert headers["x-mattelier-model"].startswith("modnet-bright.test@")
    assert json.loads(headers["x-mattelier-seconds"])["network"] >= 0
    assert "x-mattelier-notes" not in headers
    assert headers["content-disposition"] == "inline; filename=\"cutout.png\"; filename*=UTF-8''mein%20hund.cutout.png"


def test_notes_travel_as_percent_signs(client: Any, draw: Any) -> None:
    frames = [Image.open(io.BytesIO(draw())).convert("P"), Image.open(io.BytesIO(draw(60, 80))).rotate(90).convert("P")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    answer = client.post("/api/cut", content=out.getvalue())
    assert "several pictures" in unquote(answer.headers["x-mattelier-notes"])


@pytest.mark.parametrize(
    ("options", "mode", "format"),
    [
        ({}, "RGBA", "PNG"),
        ({"format": "webp"}, "RGBA", "WEBP"),
        ({"format": "tiff"}, "RGBA", "TIFF"),
        ({"format": "jpg", "background": "white"}, "RGB", "JPEG"),
        ({"keep": "alpha"}, "L", "PNG"),
        ({"keep": "trimap"}, "L", "PNG"),
        ({"keep": "foreground"}, "RGB", "PNG"),
        ({"background": "blur"}, "RGB", "PNG"),
        ({"background": "blur:3.5", "quality": "draft"}, "RGB", "PNG"),
        ({"keep": "alpha", "bits": "16"}, "I;16", "PNG"),
    ],
)
def test_every_option_of_the_command_line(
    client: Any, photo: bytes, options: dict[str, str], mode: str, format: str
) -> None:
    answer = client.post("/api/cut", files={"image": photo}, data=options)
    assert answer.status_code == 200, answer.text
    image = Image.open(io.BytesIO(answer.content))
    assert (image.mode, image.format, image.size) == (mode, format, (80, 60))


def test_a_background_colour_lies_behind(client: Any, photo: bytes) -> None:
    pixels = opened(client.post("/api/cut?background=%2300ff00", content=photo).content)
    assert pixels[0, 0].tolist() == [0, 255, 0]
    assert (pixels[30, 40] == opened(photo)[30, 40]).all()


def test_a_background_picture_lies_behind_scaled_to_cover(client: Any, photo: bytes) -> None:
    blue = io.BytesIO()
    Image.new("RGB", (7, 5), (10, 20, 200)).save(blue, "PNG")
    answer = client.post("/api/cut", files={"image": photo, "background_image": blue.getvalue()})
    assert opened(answer.content)[0, 0].tolist() == [10, 20, 200]


def test_a_background_picture_has_the_servers_own_limits(serving: Any, photo: bytes, draw: Any) -> None:
    answer = serving(pixels=5000).post("/api/cut", files={"image": photo, "background_image": draw(100, 100)})
    assert answer.status_code == 400
    assert "at most 5000" in answer.json()["error"]["message"]


def test_crop_gives_the_subjects_box(client: Any, photo: bytes) -> None:
    whole = opened(client.post("/api/cut", content=photo).content)
    cropped = opened(client.post("/api/cut?crop=true", content=photo).content)
    rows, columns = np.nonzero(whole[..., 3].any(axis=1))[0], np.nonzero(whole[..., 3].any(axis=0))[0]
    assert cropped.shape[:2] == (np.ptp(rows) + 1, np.ptp(columns) + 1) < whole.shape[:2]
    assert (cropped == whole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]).all()


def test_json_brings_all_parts(client: Any, photo: bytes) -> None:
    answer = client.post("/api/cut?format=webp", content=photo, headers={"Accept": "application/json"})
    facts = answer.json()
    assert (facts["width"], facts["height"], facts["notes"]) == (80, 60, [])
    assert facts["model"].startswith("modnet-bright.test@")
    assert facts["seconds"]["network"] >= 0
    assert Image.open(io.BytesIO(base64.b64decode(facts["image"]))).format == "WEBP"
    alpha = opened(base64.b64decode(facts["alpha"]))
    assert alpha.shape == (60, 80) and alpha[30, 40] == 255 and alpha[0, 0] == 0
    assert opened(base64.b64decode(facts["foreground"])).shape == (60, 80, 3)
    box = facts["box"]
    assert alpha[box["top"] : box["top"] + box["height"], box["left"] : box["left"] + box["width"]].sum() == alpha.sum()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"keep": "rgb"}, "keep is 'rgb'; rgba or alpha"),
        ({"bits": "12"}, "bits is '12'"),
        ({"crop": "yes"}, "crop is 'yes'"),
        ({"format": "gif"}, "format is 'gif'"),
        ({"quality": "best"}, "quality is 'best'"),
        ({"format": "jpg"}, "JPEG holds no transparency; pass format png"),
        ({"bits": "16", "format": "webp"}, "webp holds 8 bits"),
        ({"keep": "alpha", "background": "white"}, "exclude each other"),
        ({"bakground": "white"}, "background"),
        ({"prompt": "the dog"}, "none of the models that come with this package reads words"),
        ({"prompt": "the dog", "model": "modnet"}, "understands no words"),
        ({"trimap": "AAAA"}, "finds the subject from the photo alone"),
        ({"background": "/etc/passwd"}, "a colour such as white"),
        ({"background": "examples/astronaut.png"}, "a colour such as white"),
        ({"background": "blur:1e9"}, "a colour such as white"),
        ({"background": "blur:-1"}, "a colour such as white"),
        ({"background": "#ffffff80"}, "not opaque"),
        ({"image": "AAAA"}, "given twice"),
        ({"prompt": "x" * 5000}, "at most 4096"),
    ],
)
def test_options_that_cannot_be_met_are_400_with_a_sentence(
    client: Any, photo: bytes, options: dict[str, str], sentence: str
) -> None:
    answer = client.post("/api/cut", files={"image": photo}, data=options)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_input"
    assert sentence in answer.json()["error"]["message"]


def test_a_background_is_never_a_path(tmp_path: Path) -> None:
    file = tmp_path / "white.png"
    Image.new("RGB", (4, 4)).save(file)
    for text in (str(file), f"file://{file}", "blur:/etc", "", "."):
        with pytest.raises(InputError):
            check_background(text)


def test_both_backgrounds_are_refused(client: Any, photo: bytes) -> None:
    answer = client.post("/api/cut", files={"image": photo, "background_image": photo}, data={"background": "white"})
    assert answer.status_code == 400
    assert "leave one" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "packed", [{"content": b""}, {"json": {}}, {"data": {"keep": "alpha"}}, {"json": {"image": None}}]
)
def test_no_picture_is_a_400(client: Any, packed: dict[str, Any]) -> None:
    answer = client.post("/api/cut", **packed)
    assert answer.status_code == 400
    assert "no picture" in answer.json()["error"]["message"]


def test_two_pictures_are_a_400(client: Any, photo: bytes) -> None:
    answer = client.post("/api/cut?url=https://example.org/a.png", content=photo)
    assert answer.status_code == 400
    assert "came 2 times" in answer.json()["error"]["message"]


def test_a_file_of_another_name_is_not_silently_ignored(client: Any, photo: bytes) -> None:
    answer = client.post("/api/cut", files={"image": photo, "picture": photo})
    assert answer.status_code == 400
    assert "'picture'" in answer.json()["error"]["message"]


def test_a_url_is_refused_unless_the_server_fetches(client: Any) -> None:
    answer = client.post("/api/cut", json={"url": "http://127.0.0.1/a.png"})
    assert answer.status_code == 400
    assert "url" in answer.json()["error"]["message"].lower()


def test_an_unknown_model_is_a_404_that_names_near_ones(client: Any, photo: bytes) -> None:
    answer = client.post("/api/cut?model=modnet-brigt", content=photo)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_model")
    assert "modnet-bright" in answer.json()["error"]["message"]


def test_an_even_picture_has_no_subject(client: Any) -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), "grey").save(out, "PNG")
    answer = client.post("/api/cut", content=out.getvalue())
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "no_subject")


def test_a_sample_photo_with_the_shipped_model(root: Path) -> None:
    photo = (root / "examples" / "astronaut.png").read_bytes()

    async def ask() -> httpx.Response:
        app = create_app()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
            answer = await client.post("/api/cut?model=modnet-lite", content=photo)
        await app.state.desk.drain()
        return answer

    answer = asyncio.run(ask())
    alpha = opened(answer.content)[..., 3]
    assert alpha[250, 220] > 200, "her suit is the subject"
    assert alpha[20, 20] < 60, "the flag behind her is not"


def test_models_are_the_cards_and_systems_the_six(client: Any) -> None:
    listing = client.get("/api/models").json()
    (model,) = listing["models"]
    assert model["name"] == "modnet-bright.test" and model["pinned"].startswith("modnet-bright.test@")
    assert (model["needs"], model["ready"], model["licence"]) == (["image"], True, "Apache-2.0")
    assert set(model) == {
        "name", "system", "pinned", "needs", "ready", "licence", "size_bytes", "paper", "link", "metrics", "limits",
        "training",
    }  # fmt: skip
    systems = [system["system"] for system in listing["systems"]]
    assert systems == ["dim", "fba", "gfm", "modnet", "matteformer", "clipmat"]
    assert not any(system["ready"] for system in listing["systems"])


def test_a_new_card_shows_up_by_itself(client: Any, installed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    trimap = replace(installed.contract, trimap="required")
    words = replace(installed.contract, inputs=("image", "tokens"))
    missing = replace(installed.weights, file="nowhere.onnx")
    cards = (
        replace(installed, name="fba-lite.test", system="fba", contract=trimap),
        replace(installed, name="clipmat-lite.test", system="clipmat", contract=words, weights=missing),
    )
    monkeypatch.setattr("mattelier.models.CARDS", cards)
    listing = client.get("/api/models").json()
    assert [model["needs"] for model in listing["models"]] == [["image", "trimap"], ["image", "words"]]
    ready = {system["system"]: (system["ready"], system["models"]) for system in listing["systems"]}
    assert ready["fba"] == (True, ["fba-lite.test"])
    assert ready["clipmat"] == (False, ["clipmat-lite.test"])


@pytest.fixture
def trimap(photo: bytes) -> bytes:
    """The disc's trimap: its middle is subject, a ring around its edge is looked at."""
    y, x = np.mgrid[:60, :80]
    distance = np.hypot(y - 30, x - 40)
    out = io.BytesIO()
    Image.fromarray(np.select([distance < 14, distance < 26], [255, 128], 0).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def with_told(told: Any, monkeypatch: pytest.MonkeyPatch, client: Any) -> Any:
    """The server with a network that needs a trimap."""
    monkeypatch.setattr("mattelier.models.CARDS", (told[0],))
    monkeypatch.setenv("MATTELIER_HOME", str(told[1].parent))
    return client


def test_a_trimap_is_used(with_told: Any, photo: bytes, trimap: bytes) -> None:
    answer = with_told.post("/api/cut", files={"image": photo, "trimap": trimap}, data={"model": "fba-told"})
    assert answer.status_code == 200
    assert answer.content == mattelier.cut(photo, model="fba-told", trimap=trimap).encoded("png")


def test_parts_of_a_crop_have_the_crop_s_size(with_told: Any, photo: bytes, trimap: bytes) -> None:
    order = {"model": "fba-told", "crop": "true", "keep": "trimap"}
    answer = with_told.post(
        "/api/cut", files={"image": photo, "trimap": trimap}, data=order, headers={"Accept": "application/json"}
    ).json()
    whole = mattelier.cut(photo, model="fba-told", trimap=trimap)
    rows, columns = (np.flatnonzero((whole.alpha > 0).any(axis)) for axis in (1, 0))
    area = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    known, alpha, foreground = (opened(base64.b64decode(answer[part])) for part in ("image", "alpha", "foreground"))
    assert known.shape == alpha.shape == foreground.shape[:2] < (60, 80)
    assert (known == whole.trimap[area]).all()


@pytest.mark.parametrize(
    ("given", "sentence"), [({"trimap": b"nothing"}, "the trimap cannot be read"), ({}, "needs one")]
)
def test_no_trimap_is_a_400_that_says_so(with_told: Any, photo: bytes, given: dict[str, bytes], sentence: str) -> None:
    answer = with_told.post("/api/cut", files={"image": photo, **given}, data={"model": "fba-told"})
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]["message"]


@pytest.fixture
def two() -> bytes:
    """A red block on the left, a blue one on the right."""
    pixels = np.zeros((60, 120, 3), np.uint8)
    pixels[15:45, 15:45, 0] = pixels[15:45, 75:105, 2] = 250
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def test_words_say_what_is_kept_and_choose_the_model(client: Any, with_reader: Path, two: bytes) -> None:
    for prompt, wanted in (("the red block", (255, 0)), ("blue", (0, 255))):
        answer = client.post("/api/cut", files={"image": two}, data={"prompt": prompt})
        assert answer.headers["x-mattelier-model"].startswith("clipmat-reading.test@")
        alpha = opened(answer.content)[..., 3]
        assert (alpha[30, 30], alpha[30, 90]) == wanted
    plain = client.post("/api/cut", files={"image": two})
    assert "clipmat" not in plain.headers.get("x-mattelier-model", "")


def test_words_that_find_nothing_are_an_answer(client: Any, with_reader: Path, two: bytes) -> None:
    answer = client.post("/api/cut", files={"image": two}, data={"prompt": "a unicorn"})
    assert answer.status_code == 422 and "no subject found for 'a unicorn'" in answer.text


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"model": "clipmat"}, "no prompt was given; clipmat-reading.test keeps what words say; pass prompt"),
        ({"prompt": "?!"}, "has no word; expected what to keep"),
    ],
)
def test_words_that_cannot_be_read_are_400(
    client: Any, with_reader: Path, two: bytes, options: dict[str, str], sentence: str
) -> None:
    answer = client.post("/api/cut", files={"image": two}, data=options)
    assert answer.status_code == 400 and sentence in answer.json()["error"]["message"]
