"""API keys: who needs one, how it comes, and that it is kept nowhere."""

import hmac
from typing import Any

import pytest
from starlette.datastructures import Headers

from mattelier.serve import keys

KEY, HASH = keys.new_key()


@pytest.fixture
def guarded(serving: Any) -> Any:
    """A server with one key, called anna."""
    return serving(keys=(("otto", keys.new_key()[1]), ("anna", HASH)))


def test_keys_are_long_random_and_not_their_hash() -> None:
    other, hashed = keys.new_key()
    assert other != KEY and len(KEY) > 40 and KEY not in HASH
    assert hashed == keys.hash_of(other)


@pytest.mark.parametrize(
    "headers", [{"X-Api-Key": KEY}, {"Authorization": f"Bearer {KEY}"}, {"authorization": f"bearer {KEY}"}]
)
def test_a_key_comes_in_either_header(guarded: Any, photo: bytes, headers: dict[str, str]) -> None:
    assert guarded.post("/api/cut", content=photo, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Api-Key": "wrong"}, {"X-Api-Key": HASH}, {"Authorization": f"Basic {KEY}"}, {"Authorization": "Bearer"}],
)
def test_without_the_right_key_nothing_is_cut(guarded: Any, photo: bytes, headers: dict[str, str]) -> None:
    answer = guarded.post("/api/cut", content=photo, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorised"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1.0/removebg"), ("GET", "/v1.0/account"), ("POST", "/v1.0/improve")]
)
def test_the_old_protocol_says_it_in_its_own_words(guarded: Any, method: str, path: str) -> None:
    answer = guarded.request(method, path)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "auth_failed"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_other_protocol_is_behind_the_keys_too(guarded: Any, method: str) -> None:
    assert guarded.request(method, "/api/remove").status_code == 401


def test_page_manual_health_and_list_need_none(guarded: Any) -> None:
    assert {guarded.get(path).status_code for path in ("/docs", "/openapi.json", "/healthz", "/api/models")} == {200}


def test_a_server_without_keys_lets_old_clients_keep_theirs(client: Any, photo: bytes) -> None:
    assert client.post("/api/cut", content=photo, headers={"X-Api-Key": "from-long-ago"}).status_code == 200


def test_every_known_hash_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    real = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append(b) or real(a, b))
    known = [("first", HASH), ("second", "sha256:11"), ("third", "sha256:22")]
    assert keys.name_of(KEY, known) == "first"
    assert len(compared) == 3


def test_keys_that_are_no_text_are_only_wrong() -> None:
    assert keys.name_of("\udcff", [("anna", HASH)]) is None
    assert keys.given(Headers({"authorization": "Bearer  "})) is None


def test_numbers_are_for_loopback_or_a_key(serving: Any) -> None:
    outside = serving(address="192.0.2.7", keys=(("anna", HASH),))
    assert outside.get("/metrics").status_code == 403
    assert outside.get("/metrics", headers={"X-Api-Key": "wrong"}).status_code == 403
    assert outside.get("/metrics", headers={"X-Api-Key": KEY}).status_code == 200
    assert serving(address="::1").get("/metrics").status_code == 200
