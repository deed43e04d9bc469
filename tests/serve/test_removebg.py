"""Every field of the protocol, seen in pixels or headers. The photo: a disc of radius 20 at (30, 40), 60 x 80."""

import base64
import io
import json
import zipfile
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from mattelier.serve import removebg
from mattelier.serve.keys import new_key
from mattelier.serve.problems import Problem
from mattelier.serve.removebg import wants_json

PATH = "/v1.0/removebg"
BOX = ("X-Foreground-Top", "X-Foreground-Left", "X-Foreground-Height", "X-Foreground-Width")


def ask(client: Any, photo: bytes, **fields: str) -> httpx.Response:
    answer = client.post(PATH, files={"image_file": ("cat.png", photo)}, data=fields)
    assert answer.status_code == 200, answer.text
    return answer


def pixels(answer: httpx.Response) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def alpha_of(answer: httpx.Response) -> np.ndarray:
    rgba = pixels(answer)
    assert rgba.shape[2] == 4
    return rgba[..., 3]


def box(answer: httpx.Response) -> tuple[int, ...]:
    """Top, left, height, width as the headers say."""
    return tuple(int(answer.headers[name]) for name in BOX)


def ignored(answer: httpx.Response) -> list[str]:
    return [name for name in answer.headers.get("X-Mattelier-Ignored", "").split(", ") if name]


def error(answer: httpx.Response) -> tuple[int, str]:
    found = answer.json()["errors"]
    assert len(found) == 1
    assert set(found[0]) == {"title", "code"}
    return answer.status_code, found[0]["code"]


def other(colour: tuple[int, int, int], hw: tuple[int, int] = (30, 30)) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((*hw, 3), colour, np.uint8)).save(out, "PNG")
    return out.getvalue()


def test_a_picture_comes_back_without_its_background(client: Any, photo: bytes) -> None:
    answer = ask(client, photo)
    assert answer.headers["Content-Type"] == "image/png"
    alpha = alpha_of(answer)
    assert alpha.shape == (60, 80)
    assert alpha[30, 40] == 255
    assert alpha[3, 3] == 0
    source = np.asarray(Image.open(io.BytesIO(photo)))
    assert (pixels(answer)[30, 40, :3] == source[30, 40]).all()


def test_the_headers_are_all_there(client: Any, photo: bytes) -> None:
    headers = ask(client, photo).headers
    assert (headers["X-Width"], headers["X-Height"]) == ("80", "60")
    assert (headers["X-Max-Width"], headers["X-Max-Height"]) == ("80", "60")
    assert headers["X-Type"] == "other"
    assert headers["X-Credits-Charged"] == "0"
    assert int(headers["X-RateLimit-Limit"]) > int(headers["X-RateLimit-Remaining"]) > 0
    assert int(headers["X-RateLimit-Reset"]) > 1_700_000_000
    assert "@" in headers["X-Mattelier-Model"]
    assert json.loads(headers["X-Mattelier-Seconds"])["network"] > 0
    assert "X-Mattelier-Ignored" not in headers


def test_the_foreground_headers_say_where_the_subject_is(client: Any, photo: bytes) -> None:
    answer = ask(client, photo)
    rows, columns = np.nonzero(alpha_of(answer) > 5)
    top, left, height, width = box(answer)
    assert (top, left) == (rows.min(), columns.min())
    assert (top + height - 1, left + width - 1) == (rows.max(), columns.max())


def test_json_holds_the_same_picture(client: Any, photo: bytes) -> None:
    plain = ask(client, photo)
    answer = client.post(PATH, files={"image_file": photo}, headers={"Accept": "application/json"})
    data = answer.json()["data"]
    assert base64.b64decode(data["result_b64"]) == plain.content
    sides = ("top", "left", "height", "width")
    assert tuple(data[f"foreground_{side}"] for side in sides) == box(plain) == box(answer)


@pytest.mark.parametrize("form", ["urlencoded", "json"])
def test_base64_comes_in_a_form_or_in_json(client: Any, photo: bytes, form: str) -> None:
    fields = {"image_file_b64": base64.b64encode(photo).decode(), "format": "png"}
    answer = client.post(PATH, **({"data": fields} if form == "urlencoded" else {"json": {**fields, "crop": True}}))
    assert answer.status_code == 200
    assert (pixels(answer).shape[:2] == (60, 80)) is (form == "urlencoded")


@pytest.mark.parametrize(
    ("size", "hw"),
    [("preview", (500, 500)), ("small", (500, 500)), ("regular", (500, 500)), ("medium", (1224, 1224)),
     ("hd", (1300, 1300)), ("full", (1300, 1300)), ("4k", (1300, 1300)), ("50MP", (1300, 1300)),
     ("auto", (1300, 1300))],
)  # fmt: skip
def test_a_size_is_a_number_of_megapixels_and_never_enlarges(
    client: Any, draw: Any, size: str, hw: tuple[int, int]
) -> None:
    answer = ask(client, draw(1300, 1300, "JPEG"), size=size, format="webp")
    assert (int(answer.headers["X-Height"]), int(answer.headers["X-Width"])) == hw == pixels(answer).shape[:2]
    assert (answer.headers["X-Max-Height"], answer.headers["X-Max-Width"]) == ("1300", "1300")


def test_without_a_size_the_result_is_a_preview(client: Any, draw: Any) -> None:
    assert ask(client, draw(700, 700)).headers["X-Width"] == "500"


@pytest.mark.parametrize(
    ("format", "media"),
    [("auto", "image/png"), ("png", "image/png"), ("jpg", "image/jpeg"), ("webp", "image/webp")],
)
def test_a_format_is_what_it_is_called(client: Any, photo: bytes, format: str, media: str) -> None:
    answer = ask(client, photo, format=format)
    assert answer.headers["Content-Type"] == media
    assert Image.open(io.BytesIO(answer.content)).get_format_mimetype() == media


def test_jpg_has_white_where_nothing_is_left(client: Any, photo: bytes) -> None:
    assert (pixels(ask(client, photo, format="jpg"))[2, 2] > 250).all()


def test_auto_is_jpg_when_nothing_is_transparent(client: Any, photo: bytes) -> None:
    assert ask(client, photo, bg_color="red").headers["Content-Type"] == "image/jpeg"
    assert ask(client, photo, bg_color="ff000080").headers["Content-Type"] == "image/png"


def test_zip_holds_colours_and_alpha(client: Any, photo: bytes) -> None:
    answer = ask(client, photo, format="zip")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["color.jpg", "alpha.png"]
        colour = np.asarray(Image.open(io.BytesIO(archive.read("color.jpg"))))
        alpha = np.asarray(Image.open(io.BytesIO(archive.read("alpha.png"))))
    reference = pixels(ask(client, photo, format="png"))
    assert np.array_equal(alpha, reference[..., 3])
    # the colours at the edge are the corrected ones, not the photo's
    edge = (alpha > 100) & (alpha < 250)
    assert np.abs(colour[edge].astype(int) - reference[edge][:, :3]).mean() < 8
    assert answer.content == ask(client, photo, format="zip").content


def test_the_profile_of_the_photo_stays(client: Any, photo: bytes) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    out = io.BytesIO()
    Image.open(io.BytesIO(photo)).save(out, "PNG", icc_profile=profile)
    for format in ("png", "jpg", "webp"):
        answer = ask(client, out.getvalue(), format=format)
        assert Image.open(io.BytesIO(answer.content)).info["icc_profile"] == profile


@pytest.mark.parametrize("roi", ["0% 0% 50% 100%", "0px 0px 40px 60px", "0 0 40 60", "0% 0px 50% 60px"])
def test_only_what_is_in_the_region_can_be_kept(client: Any, photo: bytes, roi: str) -> None:
    alpha = alpha_of(ask(client, photo, roi=roi))
    assert alpha.shape == (60, 80)
    assert alpha[30, 30] == 255
    assert alpha[:, 40:].max() == 0


def test_a_region_is_scaled_with_the_picture(client: Any, draw: Any) -> None:
    alpha = alpha_of(ask(client, draw(700, 700), roi="0px 0px 350px 700px"))
    assert alpha.shape == (500, 500)
    assert alpha[250, 200] == 255
    assert alpha[:, 250:].max() == 0


def test_a_crop_ends_where_the_subject_does(client: Any, photo: bytes) -> None:
    whole, cut = ask(client, photo), ask(client, photo, crop="true")
    assert pixels(cut).shape[:2] == box(whole)[2:]
    assert box(cut) == (0, 0, *box(whole)[2:])
    assert np.array_equal(
        alpha_of(cut), alpha_of(whole)[box(whole)[0] :, box(whole)[1] :][: box(whole)[2], : box(whole)[3]]
    )


@pytest.mark.parametrize(
    ("margin", "widths"),
    [
        ("5px", (5, 5, 5, 5)),
        ("5px 7px", (5, 7, 5, 7)),
        ("1px 2px 3px 4px", (1, 2, 3, 4)),
        ("25%", (0.25, 0.25, 0.25, 0.25)),
        ("90%", (0.5, 0.5, 0.5, 0.5)),
        ("600px 0", (500, 0, 500, 0)),
    ],
)
def test_a_margin_is_in_pixels_or_of_the_subject_and_has_its_limit(
    client: Any, photo: bytes, margin: str, widths: tuple[float, ...]
) -> None:
    height, width = box(ask(client, photo))[2:]
    answer = ask(client, photo, crop="true", crop_margin=margin)
    top, right, bottom, left = (
        round(w * side) if isinstance(w, float) else w
        for w, side in zip(widths, (height, width, height, width), strict=True)
    )
    assert box(answer) == (top, left, height, width)
    assert pixels(answer).shape[:2] == (height + top + bottom, width + left + right)


def test_a_margin_never_makes_more_pixels_than_the_size(client: Any, draw: Any) -> None:
    answer = ask(client, draw(500, 500), crop="true", crop_margin="50%", size="preview")
    assert int(answer.headers["X-Width"]) * int(answer.headers["X-Height"]) <= 250_000
    assert answer.headers["X-Width"] == str(pixels(answer).shape[1])


def test_scale_is_the_share_of_the_canvas(client: Any, photo: bytes) -> None:
    answer = ask(client, photo, scale="50%")
    assert pixels(answer).shape[:2] == (60, 80)
    top, left, height, width = box(answer)
    assert max(height / 60, width / 80) == 0.5
    # and in the middle, as long as nothing else is said
    assert abs(top + height / 2 - 30) <= 0.5
    assert abs(left + width / 2 - 40) <= 0.5
    assert ask(client, photo, scale="original").content == ask(client, photo).content


@pytest.mark.parametrize(
    ("position", "where"), [("0%", (0, 0)), ("100% 0%", (1, 0)), ("0% 100%", (0, 1)), ("center", (0.5, 0.5))]
)
def test_a_position_is_where_the_subject_stands(
    client: Any, photo: bytes, position: str, where: tuple[float, float]
) -> None:
    answer = ask(client, photo, position=position)
    top, left, height, width = box(answer)
    assert (left, top) == (round((80 - width) * where[0]), round((60 - height) * where[1]))
    seen = np.nonzero(alpha_of(answer) > 5)
    assert (seen[0].min(), seen[1].min()) == (top, left)


def test_alpha_alone_is_a_grey_picture(client: Any, photo: bytes) -> None:
    answer = ask(client, photo, channels="alpha")
    assert answer.headers["Content-Type"] == "image/png"
    assert np.array_equal(pixels(answer), alpha_of(ask(client, photo)))


def test_a_shadow_lies_under_the_subject(client: Any, draw: Any) -> None:
    photo = draw(200, 200)
    plain, shaded = alpha_of(ask(client, photo)), alpha_of(ask(client, photo, add_shadow="true"))
    assert plain[173, 102] == 0 < shaded[173, 102] < 255
    assert pixels(ask(client, photo, add_shadow="true"))[173, 102, :3].max() == 0
    assert np.array_equal(alpha_of(ask(client, photo, shadow_type="drop")), shaded)
    assert np.array_equal(alpha_of(ask(client, photo, shadow_type="none")), plain)
    assert np.array_equal(alpha_of(ask(client, photo, shadow_type="drop", add_shadow="false")), plain)


def test_the_opacity_of_a_shadow(client: Any, draw: Any) -> None:
    photo = draw(200, 200)
    dark, light, none = (
        int(alpha_of(ask(client, photo, shadow_type="drop", shadow_opacity=value))[173, 102])
        for value in ("100", "20", "0")
    )
    assert dark > light > none == 0


def test_a_crop_with_a_shadow_keeps_all_of_it(client: Any, draw: Any) -> None:
    answer = ask(client, draw(200, 200), crop="true", add_shadow="true")
    alpha = alpha_of(answer)
    assert max(alpha[-1].max(), alpha[:, -1].max(), alpha[0].max(), alpha[:, 0].max()) <= 5
    assert alpha.shape[0] > box(answer)[2]


def test_no_semitransparency_makes_the_inside_solid(client: Any) -> None:
    # the network's alpha follows brightness: the window in the middle comes out half transparent
    picture = np.full((256, 256, 3), 10, np.uint8)
    picture[32:224, 32:224] = 240
    picture[96:160, 96:160] = 127
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    soft = alpha_of(ask(client, out.getvalue()))
    solid = alpha_of(ask(client, out.getvalue(), semitransparency="false"))
    assert 20 < soft[128, 128] < 250
    assert solid[128, 128] == 255
    assert solid[5, 5] == 0


@pytest.mark.parametrize("colour", ["f00", "#f00", "ff0000", "#FF0000", "ff0000ff", "f00f", "red"])
def test_a_colour_behind_it(client: Any, photo: bytes, colour: str) -> None:
    assert pixels(ask(client, photo, bg_color=colour, format="png"))[2, 2].tolist() == [255, 0, 0]


def test_a_half_transparent_colour_behind_it(client: Any, photo: bytes) -> None:
    result = pixels(ask(client, photo, bg_color="00ff0080"))
    assert result[2, 2].tolist() == [0, 255, 0, 128]
    assert result[30, 40, 3] == 255


def test_a_picture_behind_it_covers_the_canvas_from_its_middle(client: Any, photo: bytes) -> None:
    stripes = np.zeros((30, 90, 3), np.uint8)
    stripes[:, 30:60], stripes[:, :30], stripes[:, 60:] = (0, 0, 255), (255, 0, 0), (0, 255, 0)
    out = io.BytesIO()
    Image.fromarray(stripes).save(out, "PNG")
    files = {"image_file": photo, "bg_image_file": out.getvalue()}
    result = pixels(client.post(PATH, files=files, data={"format": "png"}))
    assert result.shape == (60, 80, 3)
    # 90 x 30 covers 80 x 60 at twice its size: 50 px are cut off on either side, so red and green keep 10 px
    assert result[2, 2].tolist() == [255, 0, 0]
    assert result[2, 20].tolist() == [0, 0, 255]
    assert result[2, 77].tolist() == [0, 255, 0]


def test_urls_are_fetched_for_picture_and_background(
    serving: Any, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = {"http://a.example/cat.png": photo, "http://a.example/blue.png": other((0, 0, 255))}

    async def fetched(url: str, settings: object) -> bytes:
        return pictures[url]

    monkeypatch.setattr("mattelier.serve.fetch.fetch_url", fetched)
    fields = {"image_url": "http://a.example/cat.png", "bg_image_url": "http://a.example/blue.png", "format": "png"}
    answer = serving(allow_url=True).post(PATH, data=fields)
    assert pixels(answer)[2, 2].tolist() == [0, 0, 255]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"type": "person"}, ["type"]),
        ({"type": "auto"}, []),
        ({"type": "graphics"}, ["type"]),
        ({"type_level": "2"}, ["type_level"]),
        ({"type_level": "none"}, []),
        ({"crop_margin": "10px"}, ["crop_margin"]),
        ({"shadow_opacity": "50"}, ["shadow_opacity"]),
        ({"shadow_type": "3D"}, ["shadow_type"]),
        ({"shadow_type": "car", "add_shadow": "true"}, ["shadow_type"]),
        ({"shadow_type": "drop"}, []),
        ({"channels": "alpha", "bg_color": "red"}, ["bg_color"]),
        ({"channels": "alpha", "add_shadow": "true", "shadow_type": "3D"}, ["add_shadow", "shadow_type"]),
        ({"channels": "alpha", "format": "zip"}, ["channels"]),
        ({"shadow_method": "latest", "colour": "x"}, ["colour", "shadow_method"]),
        ({"bg_color": "", "image_url": " ", "scale": ""}, []),
    ],
)
def test_a_field_without_effect_is_named(client: Any, photo: bytes, fields: dict[str, str], names: list[str]) -> None:
    assert ignored(ask(client, photo, **fields)) == names


def test_a_clients_word_cannot_end_a_header(client: Any, photo: bytes) -> None:
    body = {"image_file_b64": base64.b64encode(photo).decode(), "a\r\nSet-Cookie: b": "c", "x" * 100: "1", "ü": "1"}
    answer = client.post(PATH, json=body)
    assert ignored(answer) == ["a%0D%0ASet-Cookie%3A%20b", "x" * 40, "%C3%BC"]
    assert "Set-Cookie" not in answer.headers


def test_no_type_is_told_when_none_is_wanted(client: Any, photo: bytes) -> None:
    assert "X-Type" not in ask(client, photo, type_level="none").headers


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"size": "huge"}, "invalid_parameter"),
        ({"type": "house"}, "invalid_parameter"),
        ({"type_level": "3"}, "invalid_parameter"),
        ({"format": "gif"}, "invalid_parameter"),
        ({"roi": "1 2 3"}, "invalid_parameter"),
        ({"roi": "0px 0px 81px 60px"}, "roi_exceeds_bounds"),
        ({"roi": "50px 0px 10px 60px"}, "roi_region_empty"),
        ({"crop": "perhaps"}, "invalid_parameter"),
        ({"crop_margin": "-5px"}, "invalid_parameter"),
        ({"scale": "5%"}, "invalid_parameter"),
        ({"position": "top"}, "invalid_parameter"),
        ({"channels": "rgb"}, "invalid_parameter"),
        ({"add_shadow": "x"}, "invalid_parameter"),
        ({"shadow_type": "long"}, "invalid_parameter"),
        ({"shadow_opacity": "200"}, "invalid_parameter"),
        ({"semitransparency": "x"}, "invalid_parameter"),
        ({"bg_color": "blur"}, "invalid_parameter"),
        ({"bg_color": "/etc/passwd"}, "invalid_parameter"),
        ({"bg_color": "red", "bg_image_url": "http://a.example/"}, "multiple_bg_sources"),
        ({"image_url": "http://a.example/"}, "multiple_sources"),
        ({"bg_image_file": "not a file"}, "invalid_parameter"),
    ],
)
def test_what_cannot_be_is_refused_with_its_code(client: Any, photo: bytes, fields: dict[str, str], code: str) -> None:
    answer = client.post(PATH, files={"image_file": photo}, data=fields)
    assert error(answer) == (400, code)
    assert "expected" in answer.json()["errors"][0]["title"] or code.startswith("roi")


def test_no_picture_at_all(client: Any) -> None:
    assert error(client.post(PATH, data={"size": "auto"})) == (400, "missing_source")
    assert error(client.post(PATH)) == (400, "missing_source")
    assert error(client.post(PATH, content=b"raw bytes of a picture")) == (400, "missing_source")


def test_a_picture_that_is_none(client: Any) -> None:
    assert error(client.post(PATH, files={"image_file": b"no picture"})) == (400, "invalid_parameter")
    assert error(client.post(PATH, files={"image_file": ("a.png", b"")})) == (400, "invalid_parameter")
    assert error(client.post(PATH, data={"image_file_b64": "%%%"})) == (400, "invalid_parameter")


def test_a_picture_without_a_subject(client: Any) -> None:
    assert error(client.post(PATH, files={"image_file": other((90, 90, 90))})) == (400, "unknown_foreground")


def test_a_file_too_large(serving: Any, photo: bytes) -> None:
    small = serving(file_bytes=100)
    assert error(small.post(PATH, files={"image_file": photo})) == (400, "file_too_large")


def test_a_url_is_refused_unless_the_operator_allows_it(client: Any, serving: Any, photo: bytes) -> None:
    url = {"image_url": "http://169.254.169.254/cat.jpg"}
    assert error(client.post(PATH, data=url)) == (400, "invalid_image_url")
    assert error(serving(allow_url=True).post(PATH, data=url)) == (400, "invalid_image_url")
    files = {"image_file": photo}
    assert error(client.post(PATH, files=files, data={"bg_image_url": "http://[::1]/"})) == (
        400,
        "invalid_bg_image_url",
    )


@pytest.mark.parametrize(
    ("name", "code"), [("image_url", "failed_image_download"), ("bg_image_url", "failed_bg_download")]
)
def test_a_download_that_fails(
    serving: Any, photo: bytes, monkeypatch: pytest.MonkeyPatch, name: str, code: str
) -> None:
    async def failing(url: str, settings: object) -> bytes:
        raise Problem(400, "url_failed", "the host did not answer")

    monkeypatch.setattr("mattelier.serve.fetch.fetch_url", failing)
    files = {} if name == "image_url" else {"files": {"image_file": photo}}
    assert error(serving(allow_url=True).post(PATH, data={name: "http://a.example/"}, **files)) == (400, code)


def test_keys_come_either_way_and_wrong_ones_are_refused(serving: Any, photo: bytes) -> None:
    key, hashed = new_key()
    guarded = serving(keys=(("shop", hashed),))
    files = {"image_file": photo}
    for headers in ({"X-Api-Key": key}, {"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
        assert guarded.post(PATH, files=files, headers=headers).status_code == 200
    assert error(guarded.post(PATH, files=files)) == (403, "auth_failed")
    assert error(guarded.post(PATH, files=files, headers={"X-Api-Key": "wrong"})) == (403, "auth_failed")
    assert error(guarded.get("/v1.0/account")) == (403, "auth_failed")


def test_credits_are_charged_for_results_alone(serving: Any, photo: bytes) -> None:
    key, hashed = new_key()
    server = serving(keys=(("shop", hashed),), credits=2)
    headers = {"X-Api-Key": key}

    def post(picture: bytes) -> httpx.Response:
        return server.post(PATH, files={"image_file": picture}, headers=headers)

    def left() -> float:
        return float(server.get("/v1.0/account", headers=headers).json()["data"]["attributes"]["credits"]["total"])

    assert left() == 2
    assert error(post(other((90, 90, 90)))) == (400, "unknown_foreground")
    assert left() == 2
    assert [post(photo).headers["X-Credits-Charged"] for _ in range(2)] == ["1", "1"]
    assert left() == 0
    assert error(post(photo)) == (402, "insufficient_credits")


def test_too_many_requests_are_told_when_to_come_back(serving: Any, photo: bytes) -> None:
    server = serving(rate_per_minute=1)
    answers = [server.post(PATH, files={"image_file": photo}) for _ in range(3)]
    refused = answers[-1]
    assert error(refused) == (429, "rate_limit_exceeded")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["X-RateLimit-Remaining"] == "0"


def test_an_account_without_a_quota_has_calls_enough(client: Any) -> None:
    attributes = client.get("/v1.0/account").json()["data"]["attributes"]
    assert attributes["credits"] == {"total": 0, "subscription": 0, "payg": 0, "enterprise": 0}
    assert attributes["api"] == {"free_calls": removebg.UNLIMITED_CALLS, "sizes": "all"}


def test_improve_keeps_nothing_and_says_so(client: Any, photo: bytes) -> None:
    answer = client.post("/v1.0/improve", files={"image_file": photo}, data={"tag": "cats"})
    assert answer.json() == {"id": "00000000-0000-0000-0000-000000000000", "stored": False}
    assert ignored(answer) == ["image_file", "tag"]
    assert error(client.post("/v1.0/improve", data={"tag": "cats"})) == (400, "missing_source")


@pytest.mark.parametrize(
    ("accept", "as_json"),
    [
        ("", False), ("*/*", False), ("image/*", False), ("application/json", True),
        ("application/json, image/*, */*", True), ("image/png, application/json", False),
        ("image/*;q=0.5, application/json", True), ("application/json;q=0.1, */*", False),
        ("text/html, application/json", True), ("application/json;q=x, image/png", False), (";;,,q=", False),
    ],
)  # fmt: skip
def test_json_is_answered_where_it_is_wanted_first(accept: str, as_json: bool) -> None:
    assert wants_json(accept) is as_json
