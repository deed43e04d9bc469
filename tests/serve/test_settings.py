"""Settings: what is refused, and the file's way there and back."""

import json
import stat
from pathlib import Path

import pytest

from mattelier.errors import InputError
from mattelier.serve.settings import Settings, read, save, with_key


def written(folder: Path, content: object) -> Path:
    path = folder / "settings.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_defaults_bind_this_machine_alone_and_fetch_nothing() -> None:
    settings = Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 7411)
    assert not settings.allow_url and not settings.allow_private_urls and not settings.origins


def test_a_file_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    chosen = Settings(
        port=0, workers=3, seconds=2.5, keys=(("anna", "sha256:00"),), credits=5, origins=("https://example.org",)
    )
    save(tmp_path / "s.json", chosen)
    assert read(tmp_path / "s.json") == chosen


def test_a_saved_file_holds_no_defaults_and_is_the_owners_alone(tmp_path: Path) -> None:
    save(tmp_path / "s.json", Settings(port=80))
    assert json.loads((tmp_path / "s.json").read_text()) == {"port": 80}
    assert stat.S_IMODE((tmp_path / "s.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"prot": 80}, "expected one of port"),
        ({"port": "80"}, 'port is "80"; int was expected'),
        ({"port": True}, "port is true"),
        ({"port": 70000}, "at most 65535"),
        ({"workers": 0}, "workers is 0; at least 1"),
        ({"seconds": -1}, "seconds is -1"),
        ('{"seconds": NaN}', "seconds is nan"),
        ('{"seconds": Infinity}', "seconds is inf"),
        ({"allow_url": 1}, "allow_url is 1; bool was expected"),
        ({"model": 3}, "model is 3"),
        ({"keys": ["a"]}, "keys must be an object"),
        ({"keys": {"a": 3}}, "keys must be an object"),
        ({"origins": "https://example.org"}, "origins must be a list"),
        ({"origins": ["*"]}, "a scheme and a host were expected"),
        ({"origins": ["https://example.org/path"]}, "a scheme and a host were expected"),
        ({"credits": 5}, "no API key"),
        ([1], "holds a list"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_file_with_a_mistake_says_which(tmp_path: Path, content: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence.replace("(", r"\(")):
        read(written(tmp_path, content))


def test_null_and_whole_seconds_are_fine(tmp_path: Path) -> None:
    settings = read(written(tmp_path, {"model": None, "threads": None, "seconds": 3}))
    assert settings.model is None and settings.seconds == 3


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothere\.json"):
        read(tmp_path / "nothere.json")


def test_two_keys_of_one_name_are_refused() -> None:
    settings = with_key(Settings(), "anna", "sha256:00")
    with pytest.raises(InputError, match="'anna' already"):
        with_key(settings, "anna", "sha256:11")
    with pytest.raises(InputError, match="the same name"):
        Settings(keys=(("anna", "x"), ("anna", "y")))


@pytest.mark.parametrize("name", ["", "  ", "a\nb"])
def test_a_key_needs_a_name_that_a_log_can_show(name: str) -> None:
    with pytest.raises(InputError, match="key's name"):
        with_key(Settings(), name, "sha256:00")


def test_cores_are_shared_out_among_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert Settings(workers=2).run_threads == 4
    assert Settings(workers=16).run_threads == 1
    assert Settings(workers=2, threads=3).run_threads == 3
