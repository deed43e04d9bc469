"""The gate: bytes before parsing, all bodies together, headers, and how often."""

from typing import Any

import pytest

from mattelier.serve.limits import Rate
from mattelier.serve.problems import Problem
from mattelier.serve.settings import Settings


def in_pieces(size: int, piece: int = 1000) -> Any:
    """A body without a declared length."""

    async def pieces() -> Any:
        for _ in range(0, size, piece):
            yield bytes(piece)

    return pieces()


def test_a_declared_length_over_the_limit_is_refused_unread(serving: Any) -> None:
    client = serving(body_bytes=10_000)
    answer = client.post("/api/cut", content=bytes(10_001))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


def test_a_body_without_a_length_is_counted_as_it_comes(serving: Any) -> None:
    client = serving(body_bytes=10_000)
    answer = client.post("/api/cut", content=in_pieces(50_000))
    assert answer.status_code == 413
    assert "at most 10000" in answer.json()["error"]["message"]


def test_a_body_that_lies_about_its_length_is_counted_too(serving: Any) -> None:
    client = serving(body_bytes=10_000)
    answer = client.post("/api/cut", content=in_pieces(50_000), headers={"Content-Length": "5"})
    assert answer.status_code == 413


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "image/png"])
def test_the_limit_comes_before_every_parser(serving: Any, kind: str) -> None:
    answer = serving(body_bytes=100).post("/api/cut", content=in_pieces(5_000), headers={"Content-Type": kind})
    assert answer.status_code == 413


def test_the_old_protocol_is_told_in_its_own_words(serving: Any) -> None:
    answer = serving(body_bytes=100).post("/v1.0/removebg", content=bytes(200))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "file_too_large"


def test_all_bodies_together_have_a_limit_and_give_it_back(serving: Any, photo: bytes) -> None:
    client = serving(held_bytes=20_000)
    answer = client.post("/api/cut", content=in_pieces(30_000))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert len(photo) < 20_000
    assert [client.post("/api/cut", content=photo).status_code for _ in range(5)] == [200] * 5


def test_huge_headers_and_queries_are_refused(serving: Any) -> None:
    client = serving(header_bytes=2000)
    for answer in (client.get("/healthz", headers={"X-Long": "x" * 2000}), client.get("/healthz?" + "x" * 2000)):
        assert answer.status_code == 431
        assert answer.json()["error"]["code"] == "headers_too_large"


def test_pixels_are_counted_before_decoding(serving: Any, draw: Any) -> None:
    answer = serving(pixels=1000).post("/api/cut", content=draw(60, 80))
    assert answer.status_code == 400
    assert "60 = 4800 pixels" in answer.json()["error"]["message"]


def test_more_than_the_rate_is_a_429_that_says_when(serving: Any, photo: bytes) -> None:
    client = serving(rate_per_minute=2)
    statuses = [client.post("/api/cut", content=photo) for _ in range(5)]
    late = statuses[-1]
    assert late.status_code == 429
    assert 1 <= int(late.headers["retry-after"]) <= 60
    assert late.headers["x-ratelimit-limit"] == "2" and late.headers["x-ratelimit-remaining"] == "0"
    assert late.json()["error"]["code"] == "rate_limited"


def test_a_picture_asked_for_by_its_address_counts_too(serving: Any) -> None:
    client = serving(rate_per_minute=1)
    answers = [client.get("/api/remove", params={"url": "http://192.0.2.1/cat.jpg"}) for _ in range(2)]
    assert answers[0].status_code == 400  # no --allow-url
    assert answers[1].status_code == 429


def test_the_page_and_the_health_are_not_rated(serving: Any) -> None:
    client = serving(rate_per_minute=1)
    assert [client.get(path).status_code for path in ("/healthz", "/api/models", "/docs") * 3] == [200] * 9


def test_every_client_has_a_rate_of_its_own_and_a_new_minute_begins_anew() -> None:
    rate = Rate(2)
    assert [rate.take("a", 0.0).remaining for _ in range(2)] == [1, 0]
    assert rate.take("b", 1.0).remaining == 1
    with pytest.raises(Problem) as refused:
        rate.take("a", 59.5)
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "1")
    assert rate.take("a", 60.0) == rate.look("a", 60.0)
    assert rate.look("a", 61.0).reset == 120


def test_no_flood_of_addresses_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mattelier.serve.limits.MOST_CLIENTS", 10)
    rate = Rate(2)
    for client in range(100):
        rate.take(str(client), 0.0)
        assert len(rate._counts) <= 10


def test_the_default_limits_allow_a_picture_in_base64() -> None:
    settings = Settings()
    assert settings.file_bytes * 4 / 3 < settings.body_bytes < settings.held_bytes
