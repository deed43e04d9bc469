"""The page as files: found by name only, kept by ETag, small, whole, and asking nothing of another host."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from mattelier.serve import home

MOST_BYTES = 160_000  # of HTML, CSS and modules, before pictures and type


class Elements(HTMLParser):
    """Every start tag of a document with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, {name: value or "" for name, value in attrs}))

    def values(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.all if name in attributes]


@pytest.fixture(scope="module")
def page() -> Elements:
    return Elements(home.assets()["index.html"].data.decode())


def test_the_page_and_its_files(serving) -> None:
    client = serving()
    answer = client.get("/")
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    for name, kind in (("style.css", "text/css"), ("main.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
        assert client.get(f"/page/{name}").headers["content-type"].startswith(kind)
    assert client.request("HEAD", "/").status_code == 200


def test_what_the_browser_holds_is_not_sent_again(serving) -> None:
    client = serving()
    first = client.get("/page/main.js")
    again = client.get("/page/main.js", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b""
    other = client.get("/page/main.js", headers={"If-None-Match": '"another"'})
    assert other.status_code == 200 and other.content == first.content


@pytest.mark.parametrize(
    "name", ["../home.py", "%2e%2e/home.py", "/etc/passwd", "nothing.js", "", "samples", "a" * 500]
)
def test_only_files_of_the_page(serving, name: str) -> None:
    answer = serving().get(f"/page/{name}")
    assert answer.status_code == 404 and b"import" not in answer.content


def test_small_and_made_for_a_strict_policy(page: Elements) -> None:
    written = [asset for name, asset in home.assets().items() if name.endswith((".html", ".css", ".js"))]
    assert len(written) > 10 and sum(len(asset.data) for asset in written) < MOST_BYTES
    assert page.values("style") == [] and "style" not in [tag for tag, _ in page.all]
    assert [attributes["src"] for tag, attributes in page.all if tag == "script"] == ["/page/main.js"]
    assert not any(name.startswith("on") for _, attributes in page.all for name in attributes)


def test_every_id_is_one_and_every_link_leads_somewhere(page: Elements) -> None:
    counts = Counter(page.values("id"))
    assert [name for name, count in counts.items() if count > 1] == []
    for link in page.values("href") + page.values("src"):
        if link.startswith("#"):
            assert link[1:] in counts, link
        elif link.startswith("/page/"):
            assert link.removeprefix("/page/") in home.assets(), link
        else:
            assert link == "/docs" or link.startswith("https://arxiv.org/abs/"), link
    for name in ("for", "aria-labelledby", "aria-describedby"):
        assert {one for value in page.values(name) for one in value.split()} <= set(counts)


def test_modules_import_modules_that_exist() -> None:
    for name, asset in home.assets().items():
        if name.endswith(".js"):
            for other in re.findall(r'from "\./([\w-]+\.js)"', asset.data.decode()):
                assert other in home.assets(), f"{name} imports {other}"


def test_nothing_from_another_host() -> None:
    for name, asset in home.assets().items():
        if name.endswith((".css", ".js")):
            assert b"http://" not in asset.data and b"https://" not in asset.data, name


def test_the_six_systems_in_order(page: Elements) -> None:
    names = [attributes["data-system"] for tag, attributes in page.all if "data-system" in attributes]
    assert names == ["dim", "fba", "gfm", "modnet", "matteformer", "clipmat"]
    papers = [link for link in page.values("href") if link.startswith("https://arxiv.org/")]
    assert [link[-10:] for link in papers] == [
        "1703.03872", "2003.07711", "2010.16188", "2011.11961", "2203.15662", "2206.05149"
    ]  # fmt: skip
