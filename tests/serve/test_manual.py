"""/docs: complete, from this server alone, and without anything that its CSP would stop."""

import re
from typing import Any

import pytest


def test_everything_the_page_loads_is_here(client: Any) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    loads = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loads) == 5
    for path in loads:
        assert path.startswith("/") and not path.startswith("//")
        assert client.get(path).status_code == 200


def test_nothing_is_inline(client: Any) -> None:
    page = client.get("/docs").text
    assert not re.search(r"<script>|<style|style=|onload|onclick", page)


def test_the_start_names_our_document_and_asks_no_validator(client: Any) -> None:
    start = client.get("/docs/start.js")
    assert start.headers["content-type"].startswith("text/javascript")
    assert '"/openapi.json"' in start.text and "validatorUrl: null" in start.text


@pytest.mark.parametrize("name", ["..%2f..%2fsettings.json", "%2e%2e", "swagger-ui.js.map", "index.html"])
def test_only_named_files_are_served(client: Any, name: str) -> None:
    assert client.get(f"/docs/{name}").status_code == 404
