"""/healthz, /readyz, /metrics."""

import asyncio
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mattelier.serve.health import is_loopback


def numbers(client: Any) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample of /metrics by name and labels."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def test_alive_at_once_and_ready_when_warm(client: Any) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    cold = client.get("/readyz")
    assert (cold.status_code, cold.json()["error"]["code"]) == (503, "not_ready")
    assert cold.headers["retry-after"] == "1"

    async def warm() -> None:
        client.app.state.desk.warm()
        async with asyncio.timeout(30):
            while not client.app.state.desk.ready:
                await asyncio.sleep(0.01)

    client.run(warm())
    assert client.get("/readyz").json() == {"status": "ready"}


def test_a_model_that_cannot_be_loaded_is_named(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTELIER_HOME", "/nowhere")

    async def fail() -> None:
        client.app.state.desk.warm()
        async with asyncio.timeout(30):
            while client.app.state.desk.failure is None:
                await asyncio.sleep(0.01)

    client.run(fail())
    assert "bright.onnx" in client.get("/readyz").json()["error"]["message"]


def test_numbers_count_requests_errors_stages_and_memory(client: Any, photo: bytes) -> None:
    client.post("/api/cut", content=photo)
    client.post("/api/cut", content=b"broken")
    client.get("/wp-admin")
    found = numbers(client)
    ok = (("method", "POST"), ("path", "/api/cut"), ("status", "200"))
    assert found["mattelier_requests_total", ok] == 1
    assert found["mattelier_errors_total", (("path", "/api/cut"), ("status", "400"))] == 1
    assert found["mattelier_errors_total", (("path", "elsewhere"), ("status", "404"))] == 1
    assert found["mattelier_request_seconds_count", (("path", "/api/cut"),)] == 2
    assert found["mattelier_stage_seconds_total", (("stage", "network"),)] > 0
    assert found["mattelier_pictures_total", ()] == 1
    assert found["mattelier_waiting", ()] == 0
    assert found["process_resident_memory_bytes", ()] > 1 << 20


def test_strangers_paths_make_no_new_series(client: Any) -> None:
    for number in range(20):
        client.get(f"/secret-{number}")
        client.request("BREW", f"/docs/{number}")
    assert not [key for key in numbers(client) if "secret" in str(key)]
    assert len({labels for name, labels in numbers(client) if name == "mattelier_requests_total"}) < 10


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("", False),
        ("localhost.evil", False),
    ],
)
def test_what_loopback_is(host: str, is_here: bool) -> None:
    assert is_loopback(host) == is_here
