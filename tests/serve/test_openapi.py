"""The OpenAPI document: valid, complete, with examples that work; and requests made from it never break the server."""

import io
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema_rs import validator_for
from PIL import Image

import mattelier.serve.openapi as ours
from mattelier.serve.app import create_app
from mattelier.serve.settings import Settings

METHODS = {"get", "post", "put", "delete", "patch", "head", "options"}


@pytest.fixture
def document(client: Any) -> dict[str, Any]:
    return client.get("/openapi.json").json()


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_it_says_what_it_is(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.0.3"  # what the bundled manual reads
    assert document["info"]["title"] == "Mattelier"


def test_all_that_programs_use_is_in_it(document: dict[str, Any]) -> None:
    assert {"/api/cut", "/api/look", "/api/models", "/healthz", "/readyz", "/metrics"} <= set(document["paths"])


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [ref for value in node.values() for ref in references(value)]
        return [ref for value in node for ref in references(value)] if isinstance(node, list) else []

    found = references(document)
    assert found
    for reference in found:
        node: Any = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_every_operation_has_a_sentence_and_an_example(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        assert operation.get("summary") and operation.get("description"), f"{method} {path}"
        sent = operation.get("requestBody", {}).get("content", {})
        contents = [sent, *(answer.get("content", {}) for answer in operation["responses"].values())]
        assert any("example" in str(content) for content in contents), f"{method} {path}"


def test_our_own_answers_in_json_all_have_examples(document: dict[str, Any]) -> None:
    for path in ("/api/cut", "/api/look", "/api/models", "/healthz", "/readyz", "/metrics"):
        for operation in document["paths"][path].values():
            for status, answer in operation["responses"].items():
                content = answer["content"].get("application/json", {"example": None})
                assert "example" in content or "Parts" in str(content), f"{path} {status}"


def test_the_example_of_a_body_is_a_picture_and_is_answered(client: Any, document: dict[str, Any]) -> None:
    body = document["paths"]["/api/cut"]["post"]["requestBody"]["content"]["application/json"]["example"]
    answer = client.post("/api/cut", json=body)
    assert answer.status_code == 200
    assert Image.open(io.BytesIO(answer.content)).format == body["format"].upper()


def test_answers_are_as_described(client: Any, photo: bytes) -> None:
    parts = client.post("/api/cut", content=photo, headers={"Accept": "application/json"})
    validator_for(ours.SCHEMAS["Parts"]).validate(parts.json())
    validator_for(ours.SCHEMAS["Look"]).validate(client.post("/api/look", content=photo).json())
    validator_for(ours.SCHEMAS["Models"]).validate(client.get("/api/models").json())
    validator_for(ours.SCHEMAS["Error"]).validate(client.get("/nowhere").json())


@pytest.mark.slow
def test_requests_made_from_it_are_never_a_5xx(installed: Any) -> None:
    # no URL of the generator's making is fetched: the server does not fetch; held_bytes and queue stay far away
    app = create_app(Settings(workers=1, pixels=1_000_000, rate_per_minute=1_000_000))
    app.state.desk.warm()
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(case=operation.as_strategy())
        def try_one(case: Any) -> None:
            nonlocal tried
            answer = case.call()
            tried += 1
            assert answer.status_code < 500 or case.path == "/readyz", answer.text

        try_one()
    assert tried > 30
