import pytest

from mattelier.serve.problems import Problem
from mattelier.serve.urls import parse


def test_a_plain_url_is_taken_apart() -> None:
    target = parse("https://Example.org/a%20b/ü.jpg?x=ä&y=%2F#part", any_port=False)
    assert (target.scheme, target.host, target.port) == ("https", "example.org", 443)
    assert target.path == "/a%20b/%C3%BC.jpg?x=%C3%A4&y=%2F"
    assert target.authority == "example.org"


def test_the_host_header_holds_brackets_and_unusual_ports() -> None:
    assert parse("http://[2606:4700::1111]/", any_port=False).authority == "[2606:4700::1111]"
    assert parse("http://example.org:8080", any_port=True).authority == "example.org:8080"
    assert parse("http://example.org", any_port=True).path == "/"


def test_a_name_in_other_letters_becomes_ascii() -> None:
    assert parse("http://bücher.example./", any_port=False).host == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "gopher://example.org/", "ftp://example.org/a.jpg", "data:image/png;base64,AAAA",
        "//example.org/a.jpg", "example.org/a.jpg", "", "http:", "http://", "http:///a.jpg", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_only_http_and_https_with_a_host_are_taken(url: str) -> None:
    with pytest.raises(Problem) as caught:
        parse(url, any_port=True)
    assert (caught.value.status, caught.value.code) == (400, "url_refused")


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/", "http://0x7f000001/", "http://0x7f.0x0.0x0.0x1/", "http://0177.0.0.1/", "http://127.1/",
        "http://017700000001/", "http://127.0.0.1../", "http://[fe80::1%25eth0]/", "http://[::1",
        "http://\uff11\uff12\uff17\u30020x1/", "http://127\u30021/",
    ],
)  # fmt: skip
def test_numbers_in_unusual_forms_are_refused(url: str) -> None:
    with pytest.raises(Problem, match="expected"):
        parse(url, any_port=True)


def test_full_width_digits_are_the_address_that_they_spell() -> None:
    assert parse("http://\uff11\uff12\uff17\uff0e\uff10\uff0e\uff10\uff0e\uff11/", any_port=True).host == "127.0.0.1"
    assert parse("http://127.0.0.1./", any_port=True).host == "127.0.0.1"


@pytest.mark.parametrize(
    "url",
    [
        "http://user@example.org/", "http://user:word@example.org/", "http://@example.org/",
        "http://example.org\\@evil.example/", "http://example.org/a b", "http://example.org/\r\nX: y",
        "\thttp://example.org/", "http://exa mple.org/", "http://example.org:port/", "http://example.org:99999/",
        "http://" + "a" * 64 + ".org/", "http://exa$mple.org/", "http://example.org/" + "a" * 5000,
    ],
)  # fmt: skip
def test_credentials_and_strange_characters_are_refused(url: str) -> None:
    with pytest.raises(Problem) as caught:
        parse(url, any_port=True)
    assert caught.value.code == "url_refused"


def test_other_ports_are_for_tests_alone() -> None:
    with pytest.raises(Problem, match="port 22"):
        parse("http://example.org:22/", any_port=False)
    with pytest.raises(Problem, match="port 0"):
        parse("http://example.org:0/", any_port=False)
    assert parse("http://example.org:443/", any_port=False).port == 443
