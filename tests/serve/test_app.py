"""The application as a whole: headers, errors, CORS, logs, the end."""

import asyncio
import json
import logging
from typing import Any

import pytest

from mattelier.errors import InputError
from mattelier.serve.app import create_app
from mattelier.serve.logs import JsonLines
from mattelier.serve.problems import Problem, problem_of
from mattelier.serve.settings import Settings


def test_every_answer_tells_browsers_to_trust_little(client: Any) -> None:
    for path in ("/healthz", "/nowhere", "/docs", "/openapi.json", "/api/models"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers


def test_an_unknown_path_gets_our_form_of_error(client: Any) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_an_unknown_path_of_the_old_protocol_gets_its_form(client: Any) -> None:
    answer = client.get("/v1.0/nowhere")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "not_found"


def test_a_wrong_method_says_which_are_right(client: Any) -> None:
    answer = client.get("/api/cut")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["error"]["code"] == "method_not_allowed"


def test_what_nobody_expected_is_a_500_that_tells_nothing(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("secret path /home/anna")

    monkeypatch.setattr("mattelier.serve.catalogue.listing", broken)
    answer = client.get("/api/models")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(MemoryError(), 413, "too_large"), (InputError("x"), 400, "bad_input"), (Problem(418, "tea", "x"), 418, "tea")],
)
def test_errors_become_problems(error: BaseException, status: int, code: str) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code) == (status, code)
    assert problem.title


def test_sentences_name_fields_and_not_options() -> None:
    says = problem_of(InputError("pass --format png, or --background white; a--b stays")).title
    assert says == "pass format png, or background white; a--b stays"


def test_without_origins_no_other_site_may_read(client: Any) -> None:
    answer = client.get("/api/models", headers={"Origin": "https://example.org"})
    assert "access-control-allow-origin" not in answer.headers


def test_a_listed_origin_may_read_and_others_may_not(serving: Any) -> None:
    client = serving(origins=("https://example.org",))
    good = client.get("/api/models", headers={"Origin": "https://example.org"})
    assert good.headers["access-control-allow-origin"] == "https://example.org"
    bad = client.get("/api/models", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in bad.headers


def test_a_listed_origin_may_ask_first(serving: Any) -> None:
    client = serving(origins=("https://example.org",), keys=(("anna", "sha256:00"),))
    asks = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-api-key",
    }
    answer = client.request("OPTIONS", "/api/cut", headers=asks)
    assert answer.status_code == 200
    assert "x-api-key" in answer.headers["access-control-allow-headers"].lower()


def test_a_log_line_has_no_query_and_no_key(client: Any, photo: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "mattelier.serve")
    client.post("/api/cut?background=white", content=photo, headers={"X-Api-Key": "very-secret"})
    record = next(record for record in caplog.records if record.name == "mattelier.serve")
    line = JsonLines().format(record)
    facts = json.loads(line)
    assert (facts["method"], facts["path"], facts["status"], facts["key"]) == ("POST", "/api/cut", 200, None)
    assert facts["bytes"] > 0 and facts["seconds"] > 0
    assert "white" not in line and "secret" not in line and "\n" not in line


def test_a_log_line_holds_a_trace_in_one_line() -> None:
    try:
        raise ValueError("broken\nin two lines")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "oops", (), (type(error), error, error.__traceback__))
    line = JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line)["trace"][-1] == "in two lines"


def test_starting_warms_the_model_and_stopping_drains_the_desk(installed: object) -> None:
    app = create_app(Settings(workers=1))

    async def live() -> None:
        async with app.router.lifespan_context(app):
            async with asyncio.timeout(30):
                while not app.state.desk.ready:
                    await asyncio.sleep(0.01)
        assert not app.state.desk.ready

    asyncio.run(live())
