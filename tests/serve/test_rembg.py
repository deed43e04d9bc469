import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

PATH = "/api/remove"


def ask(client: Any, photo: bytes, **fields: str) -> httpx.Response:
    answer = client.post(PATH, files={"file": ("cat.png", photo)}, data=fields)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "image/png"
    return answer


def pixels(answer: httpx.Response) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def ignored(answer: httpx.Response) -> list[str]:
    return [name for name in answer.headers.get("X-Mattelier-Ignored", "").split(", ") if name]


def test_a_file_comes_back_as_a_png_without_its_background(client: Any, photo: bytes) -> None:
    answer = ask(client, photo)
    result = pixels(answer)
    assert result.shape == (60, 80, 4)
    assert result[30, 40, 3] == 255
    assert result[2, 2, 3] == 0
    assert ignored(answer) == []


def test_a_url_is_fetched_and_cut_the_same_way(serving: Any, photo: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fetched(url: str, settings: object) -> bytes:
        assert url == "http://a.example/cat.png?x=1"
        return photo

    monkeypatch.setattr("mattelier.serve.fetch.fetch_url", fetched)
    server = serving(allow_url=True)
    answer = server.get(PATH, params={"url": "http://a.example/cat.png?x=1", "om": "true"})
    assert np.array_equal(pixels(answer), pixels(ask(server, photo, om="true")))


def test_a_url_is_refused_unless_the_operator_allows_it(client: Any) -> None:
    answer = client.get(PATH, params={"url": "http://a.example/cat.png"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "url_refused")


def test_only_the_mask_is_grey(client: Any, photo: bytes) -> None:
    mask = pixels(ask(client, photo, om="true"))
    assert np.array_equal(mask, pixels(ask(client, photo))[..., 3])


def test_a_mask_after_work_is_hard(client: Any, photo: bytes) -> None:
    assert set(np.unique(pixels(ask(client, photo, om="true", ppm="true")))) == {0, 255}
    assert set(np.unique(pixels(ask(client, photo, ppm="1"))[..., 3])) == {0, 255}


def test_a_colour_lies_behind(client: Any, photo: bytes) -> None:
    assert pixels(ask(client, photo, bgc="0,255,0,255"))[2, 2].tolist() == [0, 255, 0, 255]
    assert pixels(ask(client, photo, bgc="0, 255, 0, 128"))[2, 2].tolist() == [0, 255, 0, 128]
    # rembg's own server reads this one field from the query string
    answer = client.post(PATH, params={"bgc": "9,8,7"}, files={"file": photo})
    assert pixels(answer)[2, 2].tolist() == [9, 8, 7, 255]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"model": "u2net"}, ["model"]),
        ({"model": "birefnet-general"}, ["model"]),
        ({"model": "modnet-bright.test"}, []),
        ({"a": "true", "af": "240", "ab": "10", "ae": "10"}, ["a", "ab", "ae", "af"]),
        ({"a": "false"}, []),
        ({"om": "true", "bgc": "1,2,3,4"}, ["bgc"]),
        ({"extras": "{}", "x": "1"}, ["extras", "x"]),
    ],
)
def test_a_field_without_effect_is_named(client: Any, photo: bytes, fields: dict[str, str], names: list[str]) -> None:
    answer = ask(client, photo, **fields)
    assert ignored(answer) == names
    assert answer.headers["X-Mattelier-Model"].startswith("modnet-bright.test@")


@pytest.mark.parametrize(
    "fields",
    [
        {"a": "perhaps"}, {"om": "2"}, {"ppm": "x"}, {"af": "256"}, {"ab": "-1"}, {"ae": "x"}, {"bgc": "red"},
        {"bgc": "1,2"}, {"bgc": "1,2,3,256"}, {"bgc": "1,2,3,4,5"},
    ],
)  # fmt: skip
def test_values_that_mean_nothing_are_refused(client: Any, photo: bytes, fields: dict[str, str]) -> None:
    answer = client.post(PATH, files={"file": photo}, data=fields)
    assert answer.status_code == 400
    assert "expected" in answer.json()["error"]["message"]


def test_a_model_that_nobody_knows(client: Any, photo: bytes) -> None:
    answer = client.post(PATH, files={"file": photo}, data={"model": "nonesuch"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_model")


def test_no_picture(client: Any) -> None:
    assert client.post(PATH, data={"model": "u2net"}).json()["error"]["code"] == "bad_input"
    assert client.get(PATH).json()["error"]["code"] == "bad_input"
    assert client.post(PATH, files={"file": b"none"}).status_code == 400
